"""Where the assistant is that a person talks to: of a project, or in a model's own folder."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from samovar.brew.graph import resolve
from samovar.brew.project import RECIPE_FILE, open_project
from samovar.brew.recipe import Recipe, load_recipe
from samovar.brew.stage import TAUGHT, load_stages
from samovar.core.errors import MissingError

TRAINED_STAGES = ("distill", *reversed(TAUGHT))
"""Stages that leave an assistant as it was trained, the last of the road first."""
ASSISTANT_STAGES = ("quantize", *TRAINED_STAGES)
"""And with it the one that makes the assistant that people talk to."""


class Assistant(NamedTuple):
    """A model that converses, and the habits it was given."""

    model: Path
    recipe: Recipe


def find_assistant(folder: Path, *, stages: tuple[str, ...] = ASSISTANT_STAGES) -> Assistant:
    """The assistant of the project in ``folder``, the first of ``stages`` made; or the one in ``folder`` itself.

    Raises:
        MissingError: it is not made yet, or ``folder`` is neither.
    """
    if (folder / "config.json").is_file() and not (folder / RECIPE_FILE).is_file():
        return Assistant(folder, Recipe())
    project = open_project(folder)
    recipe = load_recipe(project.recipe_file)
    made = {item.name: item.folder for item in resolve(project, recipe, load_stages()) if item.manifest is not None}
    for stage in stages:
        if stage in made:
            return Assistant(made[stage], recipe)
    raise MissingError(
        f"{folder} has no assistant yet for its recipe (made: {', '.join(made) or 'nothing'})",
        hint=f"make it with `samovar brew {folder}`",
    )
