"""Which corpus a command is about: the folder of one, or that of a project, whose recipe leads to one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from samovar.cli.terminal import say

CorpusOption = Annotated[
    Path | None,
    typer.Option("--corpus", metavar="CORPUS", help="A corpus that `samovar data` made.", show_default=False),
]
ProjectOption = Annotated[
    Path, typer.Option("--project", metavar="DIR", help="The project whose corpus it is, without --corpus.")
]


def corpus_of(project_folder: Path) -> Path:
    """The corpus that the project's recipe leads to; where that is not made, the newest there is.

    Raises:
        MissingError: the folder is no project, or has no corpus yet.
    """
    from samovar.brew.graph import resolve
    from samovar.brew.project import open_project
    from samovar.brew.recipe import load_recipe
    from samovar.brew.stage import load_stages
    from samovar.core.artifact import is_whole, read_manifest
    from samovar.core.command_line import as_typed
    from samovar.core.errors import MissingError

    project = open_project(project_folder)
    stages = {"data": load_stages()["data"]}
    [item] = resolve(project, load_recipe(project.recipe_file), stages)
    if item.manifest is not None:
        return item.folder
    made = [folder for folder in project.artifacts.glob("data-*") if is_whole(folder)]
    if not made:
        raise MissingError(
            f"{project_folder} has no corpus yet",
            hint=f"make it with `{as_typed('samovar', 'brew', project_folder)}`, or name one with --corpus CORPUS",
        )
    newest = max(made, key=lambda folder: read_manifest(folder).made_at)
    say(f"the documents or the recipe have changed since the last brew; searching {newest.name}, which it made")
    return newest
