"""Tasks of a cluster of Ray, or of one on this machine where there is no other."""

from __future__ import annotations

from pathlib import Path

from samovar.data.cluster.workers import RayWorkers
from samovar.data.pipeline.plan import Plan


def start_workers(plan: Plan, folder: Path, wanted: int | None) -> RayWorkers:
    """As many tasks at once as the cluster has processors, or ``wanted``."""
    return RayWorkers(plan, folder, wanted)
