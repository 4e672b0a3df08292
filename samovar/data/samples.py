"""Bounded random samples of a stream, and how a text is shown in a report: short, with personal data masked."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Generic, TypeVar

from samovar.data.personal import mask_personal

T = TypeVar("T")

SHOWN_CHARACTERS = 600
# Masked before it is cut, so that a cut never leaves half of an address; further than any pattern is long.
_MARGIN_CHARACTERS = 200
_CHANGE_CONTEXT_CHARACTERS = 80


class Reservoir(Generic[T]):
    """A uniform sample of at most ``size`` items of a stream of unknown length; the same for the same seed.

    Source: Vitter 1985, "Random sampling with a reservoir", algorithm R.
    """

    def __init__(self, size: int, seed: str) -> None:
        self.items: list[T] = []
        self._size = size
        self._seen = 0
        self._random = random.Random(seed)

    def offer(self, make: Callable[[], T]) -> None:
        """Count one more item; ``make`` is called when it is taken."""
        self._seen += 1
        if len(self.items) < self._size:
            self.items.append(make())
            return
        place = self._random.randrange(self._seen)
        if place < self._size:
            self.items[place] = make()


def shown(text: str, *, start: int = 0, limit: int = SHOWN_CHARACTERS) -> str:
    """At most ``limit`` characters of ``text`` near ``start``, with personal data masked and cuts marked by '…'."""
    begin = max(0, start - _CHANGE_CONTEXT_CHARACTERS)
    left, right = max(0, begin - _MARGIN_CHARACTERS), begin + limit + _MARGIN_CHARACTERS
    head, _ = mask_personal(text[left:begin])
    masked, _ = mask_personal(text[left:right])
    # Where a mask lies across the beginning, the two maskings differ in length, and a few characters more are lost.
    excerpt = masked[len(head) :]
    if right < len(text):
        excerpt = excerpt[:-_MARGIN_CHARACTERS]
    is_cut = right < len(text) or len(excerpt) > limit
    return ("…" if begin else "") + excerpt[:limit] + ("…" if is_cut else "")


def first_change(before: str, after: str) -> int:
    """The index of the first character in which the texts differ."""
    low, high = 0, min(len(before), len(after))
    while low < high:
        middle = (low + high + 1) // 2
        if before[:middle] == after[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
