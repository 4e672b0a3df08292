"""When the server is to stop: what runs may end, until the time for that is over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

CUT_S = 2
"""Seconds that answers get, after the time to end is over, to tell their clients so."""


class Lifetime:
    """Known to the whole server: whether it takes new work, and the deadlines of the work that it has."""

    def __init__(self) -> None:
        self.is_draining = False
        self._deadlines: set[asyncio.Timeout] = set()

    @property
    def num_running(self) -> int:
        """Requests that are being answered."""
        return len(self._deadlines)

    def drain(self) -> None:
        """Take no new work from now on. Safe within a signal handler."""
        self.is_draining = True

    def cut(self) -> None:
        """End what still runs; each says to its client that the server stops."""
        self.drain()
        for deadline in list(self._deadlines):
            if not deadline.expired():
                deadline.reschedule(asyncio.get_running_loop().time())

    @contextmanager
    def running(self, deadline: asyncio.Timeout) -> Iterator[None]:
        """Know of a running request by its deadline, while it runs."""
        self._deadlines.add(deadline)
        try:
            yield
        finally:
            self._deadlines.discard(deadline)
