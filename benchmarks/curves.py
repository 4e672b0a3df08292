"""Curves of a held-out loss over time: when do they reach a loss, and how short can a run be that does?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

Run = dict[str, Any]
"""What a contestant of the race gave back (``contestants/held_out.py``)."""
_SHORTER, _LONGER = 0.8, 1.35


def reached_at(run: Run, loss: float, *, with_compiling: bool = True) -> float | None:
    """Seconds at which the curve falls to ``loss``, on the straight line between looks; None where it does not."""
    off = 0.0 if with_compiling else run["compile_seconds"]
    curve = run["curve"]
    if curve[0]["loss"] <= loss:
        return curve[0]["seconds"] - off
    for before, after in pairwise(curve):
        if after["loss"] <= loss:
            share = (before["loss"] - loss) / (before["loss"] - after["loss"])
            return before["seconds"] + share * (after["seconds"] - before["seconds"]) - off
    return None


def shortest(run: Callable[[float], Run], loss: float, *, first_seconds: float, tries: int) -> list[Run]:
    """Runs of several lengths, to find the shortest that reaches ``loss``.

    A run that gets there is followed by a shorter one, one that does not by a longer one; where there are both, the
    next lies between the nearest two, at their geometric mean.
    """
    runs: list[Run] = []
    enough, too_short = float("inf"), 0.0
    seconds = first_seconds
    for _ in range(tries):
        runs.append(run(seconds))
        if reached_at(runs[-1], loss) is None:
            too_short = max(too_short, seconds)
        else:
            enough = min(enough, seconds)
        if enough == float("inf"):
            seconds = too_short * _LONGER
        elif too_short == 0.0:
            seconds = enough * _SHORTER
        else:
            seconds = (enough * too_short) ** 0.5
    return runs


def best(runs: Iterable[Run], loss: float, *, with_compiling: bool = True) -> float | None:
    """The least time in which one of ``runs`` reached ``loss``."""
    times = [reached_at(run, loss, with_compiling=with_compiling) for run in runs]
    return min((one for one in times if one is not None), default=None)
