"""Tasks by name: every module in this folder but ``task`` and ``registry`` is a task; its file name is its name.

What tasks share (word lists, numerals) lives in sub-packages, which are not looked at.
"""

from __future__ import annotations

import re
from typing import Any

from samovar.core.errors import ConfigError
from samovar.core.plugins import load_class, module_names
from samovar.tasks.task import Task, split_of

__all__ = ["load_task", "split_of", "task_names"]

_PACKAGE = "samovar.tasks"
_NOT_TASKS = frozenset({"task", "registry"})


def task_names() -> list[str]:
    """The names of all tasks, sorted. Imports none of them."""
    return module_names(_PACKAGE, without=_NOT_TASKS)


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
    task: Task = load_class(_PACKAGE, name, Task, names=task_names())(**options)
    return task


def _parse_levels(name: str, text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([1-9]\d*)(?:-([1-9]\d*))?", text, re.ASCII)
    if found is None or found[1] == found[2]:
        raise ConfigError(f"{text!r} behind {name}@ is no level", hint=f"for example {name}@3, or {name}@3-5")
    return int(found[1]), int(found[2] or found[1])
