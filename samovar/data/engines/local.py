"""Processes of this machine."""

from __future__ import annotations

from pathlib import Path

from samovar.data.pipeline.plan import Plan
from samovar.data.pipeline.workers import Workers, num_workers


def start_workers(plan: Plan, folder: Path, wanted: int | None) -> Workers:
    """As many processes as cores, or ``wanted``."""
    return Workers(plan, folder, num_workers(wanted))
