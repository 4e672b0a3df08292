"""Documents out of a corpus for good, and which artifacts have seen them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from samovar.brew.corpus_alone import forgotten_file, made_ids, make_corpus_alone
from samovar.brew.graph import brew, resolve
from samovar.brew.lineage import Heir, artifacts_in, heirs_of
from samovar.brew.project import Project
from samovar.brew.recipe import Recipe, load_recipe
from samovar.brew.stages.data import DataStage
from samovar.core.artifact import STATE, read_manifest
from samovar.core.errors import DataError
from samovar.core.files import exclusive_lock
from samovar.core.settings import parse_settings
from samovar.data.forget import ForgetRule, Forgotten, add_rules, find_documents
from samovar.data.settings import DataSettings


class Findings(NamedTuple):
    """What rules name, and who has seen it."""

    corpora: list[Path]
    """Corpora that hold something of it."""
    documents: list[Forgotten]
    """Of the first of these; the first thousand."""
    num_documents: int
    num_characters: int
    heirs: list[Heir]


_KEPT_DOCUMENTS = 1000


def find_in_project(project: Project, rules: Sequence[ForgetRule]) -> Findings:
    """What the rules name in the corpora that the project has made, the one of the recipe first."""
    artifacts = list(artifacts_in(sorted(project.artifacts.glob("*-*"))))
    corpora = [made.folder for made in artifacts if made.manifest.stage == DataStage.name]
    current = _current_corpus(project)
    corpora.sort(key=lambda folder: folder != current)
    return _find(
        corpora, rules, {made.folder: {made.manifest.id} for made in artifacts}, list(project.artifacts.glob("*-*"))
    )


def find_in_corpus(corpus: Path, rules: Sequence[ForgetRule], search: Sequence[Path] = ()) -> Findings:
    """What the rules name in a corpus by itself; artifacts are looked for beside it, and in the folders ``search``."""
    places = [corpus.resolve().parent, *search]
    folders = [folder for place in places for folder in (place, *sorted(place.iterdir())) if folder.is_dir()]
    return _find([corpus], rules, {corpus: made_ids(corpus)}, list(dict.fromkeys(map(Path.resolve, folders))))


def forget_in_project(
    project: Project, rules: Sequence[ForgetRule], found: Findings, *, is_quiet: bool = False
) -> None:
    """Keep the rules with the project, make its corpus anew without what they name, and remove those that had it.

    Raises:
        BusyError: another process works on the project.
        DataError: nothing is left for a corpus; what is to be forgotten is gone all the same.
    """
    add_rules(project.forgotten_file, rules)
    try:
        if _current_corpus(project) is not None or found.corpora:
            brew(project, load_recipe(project.recipe_file), {DataStage.name: DataStage()}, is_quiet=is_quiet)
    except DataError:
        # The units were rewritten before it was known that none is left.
        _remove(project, found)
        raise
    _remove(project, found)


def forget_in_corpus(corpus: Path, rules: Sequence[ForgetRule], *, is_quiet: bool = False) -> None:
    """Keep the rules with the corpus, and bring it up to date without what they name.

    Raises:
        MissingError: the source of the corpus is no longer there.
        DataError: nothing is left for a corpus; what is to be forgotten is gone all the same.
    """
    add_rules(forgotten_file(corpus), rules)
    try:
        make_corpus_alone(_recipe_of(corpus), corpus, is_quiet=is_quiet)
    except DataError:
        for path in corpus.iterdir():
            if path.is_dir() and path.name != STATE:
                shutil.rmtree(path)
            elif path.name != STATE:
                path.unlink()
        raise


def _find(
    corpora: Sequence[Path], rules: Sequence[ForgetRule], ids: dict[Path, set[str]], folders: Sequence[Path]
) -> Findings:
    holders: list[Path] = []
    documents: list[Forgotten] = []
    num_documents = num_characters = 0
    affected: set[str] = set()
    for corpus in corpora:
        is_first = not holders
        held = False
        for document in find_documents(corpus, rules):
            held = True
            if not is_first:
                break
            num_documents += 1
            num_characters += document.num_characters
            if len(documents) < _KEPT_DOCUMENTS:
                documents.append(document)
        if held:
            holders.append(corpus)
            affected |= ids[corpus]
    heirs = heirs_of(affected, artifacts_in(folders)) if affected else []
    others = [heir for heir in heirs if heir.made.manifest.stage != DataStage.name]
    return Findings(holders, documents, num_documents, num_characters, others)


def _current_corpus(project: Project) -> Path | None:
    [item] = resolve(project, load_recipe(project.recipe_file), {DataStage.name: DataStage()})
    return item.folder if item.manifest is not None else None


def _remove(project: Project, found: Findings) -> None:
    """Remove the corpora that hold what is forgotten, and what interrupted runs left of others."""
    with exclusive_lock(project.lock_file, what=str(project.root)):
        for folder in (*found.corpora, *project.artifacts.glob(f"{DataStage.name}-*.partial")):
            shutil.rmtree(folder, ignore_errors=True)


def _recipe_of(corpus: Path) -> Recipe:
    """The recipe that the corpus was made by, as its manifest has it."""
    config = dict(read_manifest(corpus).config)
    held_out = config.pop("held_out", None)
    recipe = Recipe(data=parse_settings(DataSettings, config, source=str(corpus / "manifest.json")))
    if held_out is None:
        return recipe
    return recipe.model_copy(
        update={
            "name": held_out["name"],
            "languages": held_out["languages"],
            "sft": recipe.sft.model_copy(update={"tasks": dict.fromkeys(held_out["tasks"], 1.0)}),
            "eval": recipe.eval.model_copy(update={"examples": held_out["count"], "seed": held_out["seed"]}),
        }
    )
