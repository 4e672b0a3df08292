"""Where reading and cleaning run, one file an engine; a file's name is the name by which a recipe calls it.

An engine has ``start_workers(plan, folder, wanted)``: the workers that make units for the store in ``folder``, at most
``wanted`` at once. Whatever the engine, the corpus is the same.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samovar.data.pipeline.plan import Plan
    from samovar.data.pipeline.workers import Workers


def start_workers(engine: str, plan: Plan, folder: Path, wanted: int | None) -> Workers:
    """The workers of ``engine``."""
    workers: Workers = importlib.import_module(f"{__name__}.{engine}").start_workers(plan, folder, wanted)
    return workers
