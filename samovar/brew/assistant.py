"""Where the assistant is that a person talks to: of a project, or in a model's own folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from samovar.brew.graph import Resolved, resolve
from samovar.brew.lineage import artifacts_in
from samovar.brew.project import RECIPE_FILE, Project, open_project
from samovar.brew.recipe import Recipe, load_recipe
from samovar.brew.stage import TAUGHT, load_stages
from samovar.core.command_line import as_typed
from samovar.core.errors import MissingError
from samovar.data.forget import read_rules

TRAINED_STAGES = ("distill", *reversed(TAUGHT))
"""Stages that leave an assistant as it was trained, the last of the road first."""
ASSISTANT_STAGES = ("quantize", *TRAINED_STAGES)
"""And with it the one that makes the assistant that people talk to."""


class Assistant(NamedTuple):
    """A model that converses, and the habits it was given."""

    model: Path
    recipe: Recipe
    is_earlier: bool = False
    """Whether the recipe, the documents or Samovar have changed since it was made."""


def find_assistant(folder: Path, *, stages: tuple[str, ...] = ASSISTANT_STAGES, or_earlier: bool = False) -> Assistant:
    """The assistant of the project in ``folder``, the first of ``stages`` made; or the one in ``folder`` itself.

    Args:
        folder: a project, or a model's folder.
        stages: those that may have made it, the best first.
        or_earlier: where the recipe's own is not made, take the last that was, so that who serves goes on doing so when
            a document came, or on a machine without the documents.
    Raises:
        MissingError: it is not made yet, or ``folder`` is neither.
    """
    if (folder / "config.json").is_file() and not (folder / RECIPE_FILE).is_file():
        return Assistant(folder, Recipe())
    project = open_project(folder)
    recipe = load_recipe(project.recipe_file)
    try:
        return Assistant(_of_the_recipe(project, recipe, stages), recipe)
    except MissingError:
        earlier = _last_made(project, stages) if or_earlier else None
        if earlier is None:
            raise
        return Assistant(earlier, recipe, is_earlier=True)


def earlier_assistant(project: Project, items: Iterable[Resolved]) -> Path | None:
    """The assistant that answers until the next brew; None where the recipe's own is made, or there is no other."""
    if any(item.manifest is not None and item.name in ASSISTANT_STAGES for item in items):
        return None
    return _last_made(project, ASSISTANT_STAGES)


def _of_the_recipe(project: Project, recipe: Recipe, stages: tuple[str, ...]) -> Path:
    made = {item.name: item.folder for item in resolve(project, recipe, load_stages()) if item.manifest is not None}
    for stage in stages:
        if stage in made:
            return made[stage]
    raise MissingError(
        f"{project.root} has no assistant yet for its recipe (made: {', '.join(made) or 'nothing'})",
        hint=f"make it with `{as_typed('samovar', 'brew', project.root)}`",
    )


def _last_made(project: Project, stages: tuple[str, ...]) -> Path | None:
    """The newest assistant; None where there is none, or documents were to be forgotten after it was made."""
    folders = [folder for stage in stages for folder in project.artifacts.glob(f"{stage}-*") if not folder.suffix]
    made = {one.folder: one.manifest.made_at for one in artifacts_in(folders)}
    newest = max(made, key=lambda folder: made[folder], default=None)
    return newest if newest is not None and made[newest] > _last_forgotten_at(project.forgotten_file) else None


def _last_forgotten_at(path: Path) -> str:
    """When the last rule of forgetting came, as manifests write times; after all times where a rule does not say."""
    if not read_rules(path):
        return ""
    with path.open(encoding="utf-8") as lines:
        return max(json.loads(line).get("added_at", "~") for line in lines)
