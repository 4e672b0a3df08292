"""What steps that drop the copies of a kept document have in common. Imports nothing heavy: steps are made of it."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from samovar.data.document import Document
from samovar.data.steps.step import Dropped, Step, StepSettings, Table, Verdict

if TYPE_CHECKING:
    from samovar.data.duplicates.clusters import Group
    from samovar.data.duplicates.facts import Copies
    from samovar.data.spool import Spool

_SHOWN_CLUSTERS = 20
_SHOWN_COPIES = 5
_REMEMBERED_IDS = 4096


class TwoPassDedup(Step):
    """Sees all documents, decides which are copies of which, then gives those that stay.

    A subclass fills a spool, finds the copies with ``count_group`` for every group, and hands both to ``_second_pass``.
    """

    is_local = False
    reason = "copy"
    """Why a document is dropped."""
    measure = "similarity"
    """What is measured between two documents."""

    def __init__(self, settings: StepSettings, *, seed: int = 0) -> None:
        super().__init__(settings, seed=seed)
        self._copies: Copies | None = None
        self._spool: Spool | None = None
        self._positions: Any = None
        self._number = 0
        self._kept_ids: dict[int, str] = {}
        self._sizes: Counter[int] = Counter()
        self._largest: list[tuple[int, str, tuple[str, ...]]] = []
        self._num_refused = 0

    def judge(self, document: Document) -> Verdict:
        """Drop it when a better copy stays; documents come in the order in which they were put into the spool."""
        assert self._copies is not None
        copy = self._copies.get(self._number)
        self._number += 1
        if copy is None:
            return None
        return Dropped(self.reason, f"{self.measure} {copy.similarity:.2f} to {self._id_of(copy.kept)}, which stays")

    def tables(self) -> list[Table]:
        """The sizes of clusters, and the largest ones."""
        tables = super().tables()
        if not self._sizes:
            return tables
        by_size: Counter[int] = Counter()
        for size, count in self._sizes.items():
            by_size[size.bit_length()] += count
        sizes: list[tuple[str, ...]] = [(_size_range(bits), f"{count:,}") for bits, count in sorted(by_size.items())]
        largest: list[tuple[str, ...]] = [
            (f"{size:,}", kept, ", ".join(copies) + (" …" if size - 1 > len(copies) else ""))
            for size, kept, copies in sorted(self._largest, key=lambda one: (-one[0], one[1]))
        ]
        note = f"{self._num_refused:,} candidates stayed because no kept document was similar enough."
        return [
            *tables,
            Table(f"Clusters by size ({self.reason})", ("documents", "clusters"), sizes, note),
            Table(f"Largest clusters ({self.reason})", ("documents", "kept", "dropped"), largest),
        ]

    def count_group(self, group: Group) -> None:
        """Count a document that stays, with the copies that go."""
        if not group.copies:
            self._num_refused += 1
            return
        size = 1 + len(group.copies)
        self._sizes[size] += 1
        shown = (size, group.kept.id, tuple(one.id for one in group.copies[:_SHOWN_COPIES]))
        if len(self._largest) < _SHOWN_CLUSTERS:
            heapq.heappush(self._largest, shown)
        else:
            heapq.heappushpop(self._largest, shown)

    def _second_pass(self, spool: Spool, copies: Copies, positions: Any) -> Iterator[Document]:
        """The documents of ``spool`` that are no copies; ``positions`` says where each stands there, by number."""
        self._spool, self._copies, self._positions = spool, copies, positions
        self._number = 0
        yield from super().__call__(iter(spool))

    def _id_of(self, number: int) -> str:
        assert self._spool is not None
        if number not in self._kept_ids:
            if len(self._kept_ids) >= _REMEMBERED_IDS:
                self._kept_ids.clear()
            self._kept_ids[number] = self._spool.at(int(self._positions[number])).id
        return self._kept_ids[number]


def _size_range(bits: int) -> str:
    low, high = 1 << (bits - 1), (1 << bits) - 1
    return f"{low:,} to {high:,}"
