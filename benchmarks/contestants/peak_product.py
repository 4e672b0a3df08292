"""What the GPU multiplies at most: one large square product in bfloat16, the best of half a second."""

from __future__ import annotations

from typing import Any

from benchmarks.contestants.timing import wait_for_turn
from samovar.train.peak import measure_peak


def run(job: dict[str, Any]) -> dict[str, Any]:
    """FLOPs a second."""
    wait_for_turn(job)
    return measure_peak()
