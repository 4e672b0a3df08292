"""How long work takes by itself, whoever else wants the processors meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from samovar.core.devices import num_cores

_THREADS = Path("/proc/self/task")
_NANOSECOND = 1e-9


class Spent(NamedTuple):
    """Time of all threads of this process, in seconds."""

    running: float
    """On a processor."""
    waiting: float
    """Ready to run, while others had the processors."""


class OwnTime:
    """A clock that begins when it is made, and leaves out what this process waited for others.

    Linux counts for each thread how long it ran and how long it stood ready for a processor (``schedstat`` in
    proc(5)); elsewhere all time counts. A measurement beside other programs would be kept as this machine's speed.
    """

    def __init__(self) -> None:
        self._before, self._started = _spent(), time.perf_counter()

    def seconds(self) -> float:
        """Since it began."""
        passed, now = time.perf_counter() - self._started, _spent()
        spent = Spent(now.running - self._before.running, now.waiting - self._before.waiting)
        return by_itself(passed, spent, num_cores())


def by_itself(passed: float, spent: Spent, cores: int) -> float:
    """What would have passed if its threads had not waited for others, but for each other, where there are too many."""
    if spent.running <= 0:
        return passed
    unhindered = passed * spent.running / (spent.running + max(0.0, spent.waiting))
    return min(passed, max(unhindered, spent.running / cores))


def _spent() -> Spent:
    counts = list(_counts())
    return Spent(*(_NANOSECOND * sum(column) for column in zip(*counts, strict=True))) if counts else Spent(0.0, 0.0)


def _counts() -> Iterator[tuple[int, int]]:
    """Nanoseconds of each thread, running and waiting."""
    with suppress(OSError):
        for thread in list(_THREADS.iterdir()):
            with suppress(OSError, ValueError):  # it may end while we look
                running, waiting = (thread / "schedstat").read_text().split()[:2]
                yield int(running), int(waiting)
