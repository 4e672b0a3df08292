"""`samovar new`: a project folder to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from samovar.cli.terminal import AsJson, DryRun, ProjectFolder, print_json, say, say_next

EXAMPLE = "samovar new assistant --recipe quickstart"

RecipeName = Annotated[str, typer.Option("--recipe", metavar="NAME", help="The ready recipe to start from.")]


def run(
    folder: ProjectFolder, recipe: RecipeName = "quickstart", as_json: AsJson = False, dry_run: DryRun = False
) -> None:
    """Make a project: a recipe to read and change, a place for documents and for your conversations."""
    from samovar.brew.project import new_project, ready_recipe

    others = [f"{folder}/documents/", f"{folder}/seeds/", f"{folder}/constitution.md"]
    if dry_run:
        say(f"would make {folder}/samovar.yaml from {ready_recipe(recipe).name}, {', '.join(others)}")
        return
    project = new_project(folder, recipe)
    files = [str(project.recipe_file), *others]
    if as_json:
        print_json({"project": str(folder), "recipe": recipe, "files": files})
    say(f"made {', '.join(files)}")
    if empty := _empty_sources(project.recipe_file):
        say(f"put documents into {', '.join(map(str, empty))} first: the recipe reads them")
    say_next("samovar", "brew", folder)


def _empty_sources(recipe_file: Path) -> list[Path]:
    """Folders of documents that the recipe reads, and where none are yet."""
    from samovar.brew.recipe import load_recipe

    recipe = load_recipe(recipe_file)
    if not recipe.is_pretrained_here:
        return []
    folders = [recipe_file.parent / source.path for source in recipe.data.sources if source.path]
    return [folder for folder in folders if {path.name for path in folder.iterdir()} <= {"README"}]
