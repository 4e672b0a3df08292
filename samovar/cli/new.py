"""`samovar new`: a project folder to start from."""

from __future__ import annotations

from typing import Annotated

import typer

from samovar.cli.terminal import DryRun, ProjectFolder, say, say_next

EXAMPLE = "samovar new assistant --recipe quickstart"

RecipeName = Annotated[str, typer.Option("--recipe", metavar="NAME", help="The ready recipe to start from.")]


def run(folder: ProjectFolder, recipe: RecipeName = "quickstart", dry_run: DryRun = False) -> None:
    """Make a project: a recipe to read and change, a place for documents and for your conversations."""
    from samovar.brew.project import new_project, ready_recipe

    if dry_run:
        files = f"{folder}/documents/, {folder}/seeds/, {folder}/constitution.md"
        say(f"would make {folder}/samovar.yaml from {ready_recipe(recipe).name}, {files}")
        return
    project = new_project(folder, recipe)
    say(f"made {project.recipe_file}, {folder}/documents/, {folder}/seeds/, {folder}/constitution.md")
    say_next("samovar", "brew", folder)
