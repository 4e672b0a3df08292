"""The few documents with the highest and the lowest value, kept in a tally's counters so that parts merge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

# Counters add and compare whole numbers: a value is kept in millionths, above an offset that keeps it positive.
_SCALE = 1_000_000
_OFFSET = 1_000
_TOO_MANY = 4
"""Times as many as are wanted: merging brings more, and letting go of them every time would take longer."""


def offer_highest(kept: Counter[str], value: float, most: int, make: Callable[[], str]) -> None:
    """Keep what ``make`` gives, where ``value`` is among the ``most`` highest so far."""
    rank = round((value + _OFFSET) * _SCALE)
    if most <= 0 or (len(kept) >= most and rank <= min(kept.values())):
        return
    kept[make()] = rank
    if len(kept) > most:
        del kept[min(kept, key=lambda name: (kept[name], name))]


def keep_highest(kept: Counter[str], most: int) -> None:
    """Let go of all but the ``most`` highest, once merging has brought several times as many."""
    if len(kept) > _TOO_MANY * most:
        for name in highest(kept, len(kept))[most:]:
            del kept[name]


def highest(kept: Counter[str], most: int) -> list[str]:
    """What was kept, the highest first; after merging there may be more than ``most``."""
    return sorted(kept, key=lambda name: (-kept[name], name))[:most]
