"""What the commands that run one stage on files share: settings in, artifact out, its manifest shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samovar.cli.terminal import print_json, say, say_next
from samovar.core.progress import short_bytes, short_duration

if TYPE_CHECKING:
    from samovar.brew.recipe import Recipe
    from samovar.core.artifact import Manifest


AssistantFolder = Annotated[Path, typer.Argument(metavar="MODEL", help="Folder of the assistant.", show_default=False)]
CorpusFolder = Annotated[
    Path, typer.Argument(metavar="CORPUS", help="Folder that `samovar data` made.", show_default=False)
]
GateCorpus = Annotated[
    Path | None,
    typer.Option(
        "--corpus", metavar="DIR", help="Corpus whose held-out documents both models read.", show_default=False
    ),
]


def given(**folders: Path | None) -> dict[str, Path]:
    """Those of the stage's inputs that were named."""
    return {name: folder for name, folder in folders.items() if folder is not None}


def full_paths(paths: Iterable[Path]) -> list[str]:
    """Paths as a recipe holds them that is not of this folder."""
    return [str(path.resolve()) for path in paths]


def check(name: str, *, recipe_file: Path | None, changes: Sequence[str] | None) -> None:
    """Refuse what the stage ``name`` cannot do, before others work for it.

    Raises:
        ConfigError: it cannot run as the settings have it.
    """
    from samovar.brew.recipe import compose_recipe
    from samovar.brew.stage import load_stages

    load_stages()[name].check(compose_recipe(recipe_file, {}, changes or ()))


def make(
    name: str,
    *,
    inputs: Mapping[str, Path],
    out: Path,
    recipe_file: Path | None,
    changes: Sequence[str] | None,
    section: Mapping[str, Mapping[str, Any]] | None = None,
    as_json: bool,
    dry_run: bool,
    next_command: Sequence[str | Path],
    shows: bool = True,
    foretold: Callable[[Recipe], Mapping[str, Any]] | None = None,
) -> Manifest | None:
    """Run the stage ``name`` and tell what came of it; ``section`` wins over the recipe's file, ``changes`` over both.

    Paths in the recipe are relative to its file, as in a brew.
    Returns None on a dry run, which tells the settings and what ``foretold`` makes of the recipe.
    """
    from samovar.brew.alone import make_alone
    from samovar.brew.recipe import compose_recipe
    from samovar.brew.stage import load_stages

    recipe = compose_recipe(recipe_file, section or {}, changes or ())
    stage = load_stages()[name]
    if dry_run:
        told = {} if foretold is None else dict(foretold(recipe))
        print_json({"stage": name, "out": str(out), "config": stage.config_alone(recipe), **told})
        return None
    id_before = id_at(out)
    root = recipe_file.parent if recipe_file is not None else None
    manifest = make_alone(stage, recipe, inputs=inputs, out=out, root=root)
    if not shows:
        return manifest
    if as_json:
        print_json(manifest.model_dump())
    say(made_line(out, manifest, id_before))
    report = out / "report.md"
    if report.is_file():
        say(f"report: {report}")
    say_next(*next_command)
    return manifest


def id_at(folder: Path) -> str | None:
    """The id of the whole artifact in ``folder``; None where there is none."""
    from samovar.core.artifact import is_whole, read_manifest

    return read_manifest(folder).id if is_whole(folder) else None


def made_line(out: Path, manifest: Manifest, id_before: str | None) -> str:
    """What is at ``out`` now, where ``id_before`` was there before the command."""
    how = "made already" if manifest.id == id_before else f"made in {short_duration(manifest.seconds)}"
    return f"{out}: {manifest.stage} {manifest.id}, {short_bytes(manifest.size_bytes)}, {how}"
