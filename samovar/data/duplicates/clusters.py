"""Which copy of a cluster stays, and which are near enough to it to go."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from samovar.data.document import Document
from samovar.data.duplicates.minhash import Sketch
from samovar.data.duplicates.ranking import Preference, Ranking
from samovar.data.duplicates.shingles import Hashes, jaccard
from samovar.data.spool import Spool

MAX_MEMBERS = 1 << 16
_ALL_COMPARED = 64
_SHINGLE_BYTES = 64_000_000


@dataclass(slots=True)
class Member:
    """A document of a cluster."""

    number: int
    id: str
    similarity: float = 1.0
    """To the one that is kept."""


@dataclass(slots=True)
class Group:
    """A document that stays, and its near-duplicates, which go."""

    kept: Member
    copies: list[Member] = field(default_factory=list)


class ClusterJudge:
    """Parts clusters of candidates into groups.

    The members are taken from the most preferred to the least. One whose true similarity to a kept one is enough goes;
    else it is kept too. So whatever goes has a near copy that stays, which a chain of candidates alone would not
    promise. Where more than 64 of a cluster are kept, a member is compared with those that share a band with it.

    A cluster may come in parts of up to 65,536 members, each in its own order of preference. It holds the shingles of
    recent members (64 MB at most), and of the cluster the ids and band hashes of what is kept (about 400 bytes each,
    65,536 at most) and of the members of the part.
    """

    def __init__(
        self, spool: Spool, facts: Any, sketch: Sketch, *, min_similarity: float, preference: Preference = "newest"
    ) -> None:
        self._spool = spool
        self._facts = facts
        self._sketch = sketch
        self._min_similarity = min_similarity
        self._ranking = Ranking(facts, preference)
        self.start()

    def start(self) -> None:
        """Begin a cluster."""
        self._groups: list[Group] = []
        self._bands = _Rows(self._sketch.bands)
        self._recent = _RecentShingles(_SHINGLE_BYTES)

    def groups(self, numbers: Sequence[int]) -> list[Group]:
        """Groups of the cluster's documents ``numbers``, one for each that stays, the most preferred first.

        A document that was kept of an earlier part has a group when this part has copies of it.
        """
        if len(self._groups) > MAX_MEMBERS:
            self.start()
        for group in self._groups:
            group.copies = []
        num_earlier = len(self._groups)
        for number in sorted(numbers, key=self._ranking.rank):
            self._judge(number)
        return [group for place, group in enumerate(self._groups) if group.copies or place >= num_earlier]

    def _judge(self, number: int) -> None:
        document = self._read(number)
        shingles = self._sketch.shingles(document.text)
        bands = self._sketch.band_hashes_of(shingles)
        member = Member(number, document.id)
        group = self._group_of(member, shingles, self._bands.places_sharing(bands))
        if group is not None:
            group.copies.append(member)
            return
        self._groups.append(Group(member))
        self._bands.add(bands)
        self._recent.add(number, shingles)

    def _group_of(self, member: Member, shingles: Hashes, places: list[int]) -> Group | None:
        """The first group whose kept document is near enough."""
        for place in places:
            group = self._groups[place]
            similarity = jaccard(shingles, self._shingles(group.kept.number))
            if similarity >= self._min_similarity:
                member.similarity = similarity
                return group
        return None

    def _shingles(self, number: int) -> Hashes:
        shingles = self._recent.get(number)
        if shingles is None:
            shingles = self._sketch.shingles(self._read(number).text)
            self._recent.add(number, shingles)
        return shingles

    def _read(self, number: int) -> Document:
        return self._spool.at(int(self._facts["position"][number]))


class _Rows:
    """The band hashes of the kept documents, and which of them share one with another."""

    def __init__(self, width: int) -> None:
        self._rows = np.empty((8, width), dtype=np.uint64)
        self._count = 0

    def add(self, row: Hashes) -> None:
        if self._count == len(self._rows):
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
        self._rows[self._count] = row
        self._count += 1

    def places_sharing(self, row: Hashes) -> list[int]:
        """All places while they are few; then those that share a band with ``row``."""
        if self._count <= _ALL_COMPARED:
            return list(range(self._count))
        places: list[int] = np.flatnonzero((self._rows[: self._count] == row).any(axis=1)).tolist()
        return places


class _RecentShingles:
    """The shingles of the documents used last, up to a number of bytes."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._arrays: OrderedDict[int, Hashes] = OrderedDict()

    def get(self, number: int) -> Hashes | None:
        if number in self._arrays:
            self._arrays.move_to_end(number)
        return self._arrays.get(number)

    def add(self, number: int, shingles: Hashes) -> None:
        self._arrays[number] = shingles
        self._bytes += shingles.nbytes
        while self._bytes > self._max_bytes and len(self._arrays) > 1:
            _, old = self._arrays.popitem(last=False)
            self._bytes -= old.nbytes
