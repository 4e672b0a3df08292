"""The steps of cleaning, one file each; a file's name is the name by which a recipe calls it.

A step file holds one ``StepSettings`` with ``step: Literal["<file name>"]`` and one ``Step`` made from it. It imports
nothing heavy on top: every step is imported to read a recipe.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from samovar.core.plugins import classes_in, module_names

if TYPE_CHECKING:
    from samovar.data.steps.step import Step, StepSettings

_NOT_STEPS = frozenset({"step"})


@cache
def step_classes() -> dict[str, type[Step]]:
    """Every step by its name, in alphabetical order."""
    from samovar.data.steps.step import Step

    names = module_names(__name__, without=_NOT_STEPS)
    return {name: step for name in names for step in classes_in(__name__, name, Step)}


def make_step(settings: StepSettings, *, seed: int) -> Step:
    """The step that ``settings`` describe; ``seed`` chooses which samples it keeps."""
    return step_classes()[settings.step](settings, seed=seed)
