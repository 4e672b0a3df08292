"""A corpus by itself, outside a project: made, and brought up to date in its place."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from samovar.brew import seen_documents
from samovar.brew.graph import run_stage
from samovar.brew.recipe import Recipe
from samovar.brew.stage import StageContext
from samovar.brew.stages.data import FORGOTTEN_FILE, UNITS_FOLDER, DataStage
from samovar.core.artifact import (
    MANIFEST,
    STATE,
    Manifest,
    artifact_id,
    is_whole,
    partial_folder,
    read_manifest,
    recover,
)
from samovar.core.errors import ConfigError
from samovar.core.files import exclusive_lock, naming_os_errors, write_atomic

_README = """\
What Samovar keeps for the next run on this corpus. `units` is what was read before, and may be deleted. Rules in
`forgotten.jsonl` say what must stay out of the corpus. Leave this folder out of what you hand on.
"""
_IDS_FILE = "ids"
_ELSEWHERE = "name another folder with --out, or move that one away"


def make_corpus_alone(recipe: Recipe, out: Path, *, is_quiet: bool = False) -> Manifest:
    """Make the corpus of the recipe's sources at ``out``, or bring the one there up to date.

    Files that were read before are not read again. The old corpus is whole until the new one is; an interrupted run
    goes on with what it has read.

    Raises:
        ConfigError: something else is at ``out``, or a corpus of other sources.
        BusyError: another process makes it.
    """
    lock_file = out.with_name(f"{out.name}.lock")
    with exclusive_lock(lock_file, what=str(out)):
        recover(out)
        manifest = _made(recipe, out)
        if manifest is None:
            manifest = _make(recipe, out, is_quiet=is_quiet)
        lock_file.unlink()
    return manifest


def forgotten_file(corpus: Path) -> Path:
    """Where the rules lie that say what must stay out of a corpus by itself."""
    return corpus / STATE / FORGOTTEN_FILE


def made_ids(corpus: Path) -> set[str]:
    """The ids of the corpus and of what was at its place before: other artifacts name them as their input."""
    path = corpus / STATE / _IDS_FILE
    ids = set(path.read_text(encoding="ascii").split()) if path.is_file() else set()
    return ids | {read_manifest(corpus).id}


def _made(recipe: Recipe, out: Path) -> Manifest | None:
    """The manifest of what is at ``out`` when it is up to date."""
    if is_whole(out):
        manifest = read_manifest(out)
        if manifest.stage != DataStage.name:
            raise ConfigError(f"{out} holds something else: {manifest.stage} {manifest.id}", hint=_ELSEWHERE)
        if _places(manifest.config) != _places(recipe.data.model_dump(mode="json")):
            raise ConfigError(f"{out} holds a corpus of {', '.join(_places(manifest.config))}", hint=_ELSEWHERE)
        return manifest if manifest.id == _identity(recipe, DataStage(out / STATE))[0] else None
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out} is there already", hint=_ELSEWHERE)
    return None


def _make(recipe: Recipe, out: Path, *, is_quiet: bool) -> Manifest:
    partial = partial_folder(out)
    _carry_state(out, partial)
    stage = DataStage(partial / STATE)
    identity, config, inputs = _identity(recipe, stage)
    if is_whole(partial) and read_manifest(partial).id != identity:
        (partial / MANIFEST).unlink()  # it was finished and not put in place, and since then something has changed

    def context(folder: Path) -> StageContext:
        # Only now that the clock runs: what is written before it would be taken for an earlier run's last work.
        with naming_os_errors(folder), (folder / STATE / _IDS_FILE).open("a", encoding="ascii") as file:
            file.write(f"{identity}\n")
        return StageContext(recipe, Path(), {}, folder, is_quiet)

    return run_stage(stage, folder=out, config=config, input_ids=inputs, context=context)


def _identity(recipe: Recipe, stage: DataStage) -> tuple[str, dict[str, Any], dict[str, str]]:
    config, inputs = stage.config(recipe), stage.files(Path(), recipe)
    return artifact_id(stage.name, stage.version, config, inputs), config, inputs


def _carry_state(out: Path, partial: Path) -> None:
    """Take what was read before, and the rules, to where the new corpus is made; the rules stay with the old, too."""
    old, new = out / STATE, partial / STATE
    with naming_os_errors(new):
        new.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (new / "README").is_file():
            write_atomic(new / "README", _README)
        for name in (FORGOTTEN_FILE, _IDS_FILE, seen_documents.FILE):
            if (old / name).is_file():
                shutil.copy2(old / name, new / name)
        if (old / UNITS_FOLDER).is_dir():
            shutil.rmtree(new / UNITS_FOLDER, ignore_errors=True)
            (old / UNITS_FOLDER).replace(new / UNITS_FOLDER)


def _places(config: dict[str, Any]) -> list[str]:
    return [str(source.get("path") or source.get("kind")) for source in config.get("sources", [])]
