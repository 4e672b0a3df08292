"""How much one key may have in a minute."""

from __future__ import annotations

import time
from collections.abc import Callable

_SECONDS_OF_MINUTE = 60.0


class Bucket:
    """Fills steadily, a minute's worth at most.

    It may be overdrawn, by an answer that took more than was set aside for it: the debt is paid by waiting.
    """

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.size = per_minute
        self._level = float(per_minute)
        self._clock = clock
        self._filled_s = clock()

    @property
    def level(self) -> float:
        """What is in it now; below zero while it is in debt."""
        now_s = self._clock()
        self._level = min(self.size, self._level + (now_s - self._filled_s) * self.size / _SECONDS_OF_MINUTE)
        self._filled_s = now_s
        return self._level

    def take(self, amount: float) -> None:
        """Take ``amount``, which need not be there."""
        self._level = self.level - amount

    def seconds_until(self, amount: float) -> float:
        """How long to wait until ``amount`` is there; 0 where it is."""
        return max(0.0, amount - self.level) * _SECONDS_OF_MINUTE / self.size
