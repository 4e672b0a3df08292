"""Tasks by name: every module in this folder but ``task`` and ``registry`` is a task; its file name is its name.

What tasks share (word lists, numerals) lives in sub-packages, which are not looked at.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import re
from typing import Any

from samovar.core.errors import ConfigError
from samovar.tasks.task import Task, split_of

__all__ = ["load_task", "split_of", "task_names"]

_NOT_TASKS = {"task", "registry"}


def task_names() -> list[str]:
    """The names of all tasks, sorted. Imports none of them."""
    folder = importlib.import_module(__package__ or "samovar.tasks").__path__
    return sorted(
        module.name for module in pkgutil.iter_modules(folder) if not module.ispkg and module.name not in _NOT_TASKS
    )


def load_task(name: str, **options: Any) -> Task:
    """Make the task of this name; ``options`` are those of ``Task``.

    Args:
        name: the file's, and behind it, of a task that has levels, those wanted: long_sums@5, long_sums@5-8.
        options: those of ``Task``.
    Raises:
        ConfigError: there is no such task, or it has no such levels.
    """
    name, at, levels = name.partition("@")
    if at:
        options = {**options, "levels": _parse_levels(name, levels)}
    names = task_names()
    if name not in names:
        close = difflib.get_close_matches(name, names, n=1)
        meant = f"did you mean {close[0]!r}? " if close else ""
        raise ConfigError(f"there is no task {name!r}", hint=f"{meant}the tasks are: {', '.join(names)}")
    module = importlib.import_module(f"samovar.tasks.{name}")
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Task) and value.__module__ == module.__name__:
            return value(**options)
    raise ConfigError(f"samovar/tasks/{name}.py defines no Task", hint="give it a class that inherits Task")


def _parse_levels(name: str, text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([1-9]\d*)(?:-([1-9]\d*))?", text, re.ASCII)
    if found is None or found[1] == found[2]:
        raise ConfigError(f"{text!r} behind {name}@ is no level", hint=f"for example {name}@3, or {name}@3-5")
    return int(found[1]), int(found[2] or found[1])
