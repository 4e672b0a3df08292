"""Bounded random samples of a stream, and how a text is shown in a report: short, with personal data masked."""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

import xxhash

from samovar.data.personal import mask_personal

T = TypeVar("T")

SHOWN_CHARACTERS = 600
# Masked before it is cut, so that a cut never leaves half of an address; further than any pattern is long.
_MARGIN_CHARACTERS = 200
_CHANGE_CONTEXT_CHARACTERS = 80
# Longer numbers than are masked here may be personal as well: half of one at a cut would escape whoever masks it later.
_NUMBER_AT_END = re.compile(r"[^\s\d]*\d[\d\s()+./-]*\Z")
_NUMBER_AT_START = re.compile(r"\A[\d\s()+./-]*\d\S*")


class Reservoir(Generic[T]):
    """A uniform sample of at most ``size`` items: those whose keys have the smallest hashes.

    It is the same in whatever order, and by however many workers, the items are offered.
    """

    def __init__(self, size: int, seed: str) -> None:
        self.size = size
        self.seed = seed
        self._heap: list[tuple[int, str, T]] = []

    @property
    def items(self) -> list[T]:
        """The sample, in the order of its keys."""
        return [item for _, _, item in sorted(self._heap, key=lambda entry: entry[1])]

    @property
    def keyed_items(self) -> list[tuple[str, T]]:
        """The sample with its keys, in their order."""
        return sorted(((key, item) for _, key, item in self._heap), key=lambda entry: entry[0])

    def remove(self, is_unwanted: Callable[[T], bool]) -> None:
        """Take items out of the sample; others do not come in their place."""
        self._heap = [entry for entry in self._heap if not is_unwanted(entry[2])]
        heapq.heapify(self._heap)

    def offer(self, key: str, make: Callable[[], T]) -> None:
        """Offer the item that ``key`` names; ``make`` is called when it is taken."""
        rank = -xxhash.xxh3_64_intdigest(f"{self.seed}|{key}".encode("utf-8", "surrogatepass"))
        if len(self._heap) < self.size:
            heapq.heappush(self._heap, (rank, key, make()))
        elif (rank, key) > self._heap[0][:2]:
            heapq.heapreplace(self._heap, (rank, key, make()))

    def merge(self, other: Reservoir[T]) -> None:
        """Take in the sample of another part of the same stream."""
        for _, key, item in other._heap:
            self.offer(key, partial(_same, item))


def _same(item: T) -> T:
    return item


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
    excerpt = excerpt[:limit]
    if begin:
        excerpt = "…" + _NUMBER_AT_START.sub("", excerpt)
    return _NUMBER_AT_END.sub("", excerpt) + "…" if is_cut else excerpt


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
