"""The steps of cleaning, one file each; a file's name is the name by which a recipe calls it.

A step file holds one ``StepSettings`` with ``step: Literal["<file name>"]`` and one ``Step`` made from it. It imports
nothing heavy on top: every step is imported to read a recipe.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samovar.data.steps.step import Step, StepSettings

_NOT_STEPS = {"step"}


@cache
def step_classes() -> dict[str, type[Step]]:
    """Every step by its name, in alphabetical order."""
    from samovar.data.steps.step import Step

    classes: dict[str, type[Step]] = {}
    for module_info in pkgutil.iter_modules(__path__):
        if module_info.name in _NOT_STEPS:
            continue
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Step) and value.__module__ == module.__name__:
                classes[module_info.name] = value
    return classes


def make_step(settings: StepSettings, *, seed: int) -> Step:
    """The step that ``settings`` describe; ``seed`` chooses which samples it keeps."""
    return step_classes()[settings.step](settings, seed=seed)
