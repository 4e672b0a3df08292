"""The near-duplicates of a stream of documents, found on disk: bands, sorted; pairs, joined; clusters, judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from samovar.core.errors import ResourceError
from samovar.data.document import Document
from samovar.data.duplicates.clusters import MAX_MEMBERS, ClusterJudge, Group
from samovar.data.duplicates.components import Clusters
from samovar.data.duplicates.facts import Copies, Copy, Facts
from samovar.data.duplicates.minhash import Sketch
from samovar.data.duplicates.partitions import DiskPartition, NewPartition
from samovar.data.duplicates.ranking import Preference
from samovar.data.duplicates.shingles import Hashes
from samovar.data.duplicates.sorted_runs import MAX_DOCUMENTS, SortedRuns
from samovar.data.spool import Spool

_BUFFERED_ROWS = 4096
_BAND_RECORDS = 14 << 17
_LEAST_RUN_RECORDS = 4096


class NearIndex:
    """Takes documents one by one, then says which are near-duplicates, and of which.

    Memory does not grow with the corpus: 22 MB of buffers to sort band hashes, 60 MB to merge them, 90 MB at most when
    clusters are judged. On disk it takes for each document 12 bytes a band, 20 for facts, 8 to join clusters and
    8 for the verdict; files of the last three kinds are mapped into memory, where the system keeps what fits.
    """

    def __init__(
        self,
        folder: Path,
        spool: Spool,
        sketch: Sketch,
        *,
        min_similarity: float,
        preference: Preference,
        new_partition: NewPartition = DiskPartition,
    ) -> None:
        self._folder = folder
        self._spool = spool
        self._sketch = sketch
        self._min_similarity = min_similarity
        self._preference = preference
        self._facts = Facts(folder / "facts.bin")
        run_records = max(_LEAST_RUN_RECORDS, _BAND_RECORDS // sketch.bands)
        self._bands = [new_partition(folder / f"band-{band:02}.bin", run_records) for band in range(sketch.bands)]
        self._rows: list[Hashes] = []
        self._numbers: list[int] = []
        self.count = 0

    def add(self, document: Document, band_hashes: Hashes) -> None:
        """Take the next document and put it into the spool; without ``band_hashes`` it is like no other.

        Raises:
            ResourceError: there are more documents than 32 bits can number.
        """
        if self.count >= MAX_DOCUMENTS:
            raise ResourceError(
                f"near_dedup numbers at most {MAX_DOCUMENTS:,} documents", hint="part the corpus and clean each part"
            )
        self._facts.add(document, self._spool.add(document))
        if band_hashes.size:
            self._rows.append(band_hashes)
            self._numbers.append(self.count)
            if len(self._rows) == _BUFFERED_ROWS:
                self._flush()
        self.count += 1

    @property
    def positions(self) -> Any:
        """Where each document stands in the spool, by its number."""
        return self._facts.all()["position"]

    def find(self, count_group: Callable[[Group], None]) -> Copies:
        """Judge all clusters; every group is given to ``count_group``."""
        members = self._sorted_members()
        copies = Copies(self._folder / "copies.bin", self.count)
        judge = ClusterJudge(
            self._spool,
            self._facts.all(),
            self._sketch,
            min_similarity=self._min_similarity,
            preference=self._preference,
        )
        for is_start, numbers in _clusters(members):
            if is_start:
                judge.start()
            for group in judge.groups(numbers):
                for copy in group.copies:
                    copies.mark(copy.number, Copy(group.kept.number, copy.similarity))
                count_group(group)
        return copies

    def _flush(self) -> None:
        if self._rows:
            rows = np.stack(self._rows)
            for number, band in enumerate(self._bands):
                band.add(rows[:, number], self._numbers)
        self._rows, self._numbers = [], []

    def _sorted_members(self) -> SortedRuns:
        """The members of all clusters but their first, by its number."""
        self._flush()
        clusters = Clusters(self._folder / "parents.bin", self.count)
        for band in self._bands:
            band.close()
        while self._bands:
            for pairs in self._bands.pop().edges():
                clusters.join(pairs)
        members = SortedRuns(self._folder / "members.bin")
        for block in clusters.members():
            members.add(block.keys, block.numbers)
        return members


def _clusters(members: SortedRuns) -> Iterator[tuple[bool, list[int]]]:
    """The numbers of every cluster, the largest in parts; with each part whether a cluster starts with it."""
    root, is_start = -1, True
    numbers: list[int] = []
    for keys, others in _by_root(members):
        if keys != root or len(numbers) >= MAX_MEMBERS:
            if numbers:
                yield is_start, numbers
            is_start = keys != root
            root, numbers = keys, [keys] if is_start else []
        numbers.extend(others)
    if numbers:
        yield is_start, numbers


def _by_root(members: SortedRuns) -> Iterator[tuple[int, Any]]:
    """The root and some members, all of which have it; blocks may part a cluster."""
    for block in members.blocks():
        bounds = np.flatnonzero(np.diff(block.keys)) + 1
        starts = [0, *bounds.tolist(), block.keys.size]
        for start, end in pairwise(starts):
            for first in range(start, end, MAX_MEMBERS):
                yield int(block.keys[first]), block.numbers[first : min(end, first + MAX_MEMBERS)].tolist()
