"""Documents that say nearly the same, by their vectors: k-means, then cosines inside of each cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from samovar.data.document import Document
from samovar.data.duplicates.clusters import Group, Member
from samovar.data.duplicates.embedding import Embedder
from samovar.data.duplicates.facts import Copies, Copy, Facts
from samovar.data.duplicates.kmeans import centres_of, nearest_centres
from samovar.data.duplicates.ranking import Preference, Ranking
from samovar.data.duplicates.sorted_runs import SortedRuns
from samovar.data.spool import Spool

MAX_PART = 1 << 14
MAX_CLUSTERS = 4096
_DOCUMENTS_A_CLUSTER = 1_000
_SAMPLE_A_CLUSTER = 64
_EMBEDDED_TEXTS = 64
_BLOCK_ROWS = 4096
_JUDGED_ROWS = 512


class SemanticIndex:
    """Takes documents one by one, then says which are copies in meaning, and of which.

    On disk it takes 2 bytes a number of a vector (1 KB a document at a width of 512) and 48 bytes more. In memory it
    holds up to 64 vectors a cluster to find centres (540 MB at 4,096 clusters and a width of 512, 2 MB at 16), and of a
    cluster at most 16,384 vectors (34 MB); a larger one is judged in parts of that size.
    """

    def __init__(
        self,
        folder: Path,
        spool: Spool,
        embedder: Embedder,
        *,
        min_cosine: float,
        preference: Preference,
        num_clusters: int | None = None,
        seed: int = 0,
    ) -> None:
        self._folder = folder
        self._spool = spool
        self._embedder = embedder
        self._min_cosine = min_cosine
        self._preference = preference
        self._num_clusters = num_clusters
        self._seed = seed
        self._facts = Facts(folder / "facts.bin")

    @property
    def positions(self) -> Any:
        """Where each document stands in the spool, by its number."""
        return self._facts.all()["position"]

    def add(self, document: Document) -> None:
        """Take the next document and put it into the spool."""
        self._embedder.learn(document.text)
        self._facts.add(document, self._spool.add(document))

    def find(self, count_group: Callable[[Group], None]) -> Copies:
        """Judge all documents; groups with copies are given to ``count_group``."""
        count = self._spool.count
        copies = Copies(self._folder / "copies.bin", count)
        if not count:
            return copies
        vectors = self._embedded(count)
        positions = self.positions
        ranking = Ranking(self._facts.all(), self._preference)
        for numbers in _parts(self._sorted_by_cluster(vectors)):
            for group in self._groups(sorted(numbers, key=ranking.rank), vectors, positions):
                for copy in group.copies:
                    copies.mark(copy.number, Copy(group.kept.number, copy.similarity))
                count_group(group)
        return copies

    def _embedded(self, count: int) -> Any:
        """float16, a row a document, in a file mapped into memory."""
        vectors = np.memmap(
            self._folder / "vectors.bin", dtype=np.float16, mode="w+", shape=(count, self._embedder.width)
        )
        texts: list[str] = []
        done = 0
        for number, document in enumerate(self._spool, start=1):
            texts.append(document.text)
            if len(texts) == _EMBEDDED_TEXTS or number == count:
                vectors[done:number] = self._embedder.embed(texts)
                texts, done = [], number
        return vectors

    def _sorted_by_cluster(self, vectors: Any) -> SortedRuns:
        count = len(vectors)
        wanted = self._num_clusters or min(MAX_CLUSTERS, count // _DOCUMENTS_A_CLUSTER)
        num_clusters = max(1, min(wanted, count))
        rng = np.random.default_rng(self._seed)
        chosen = np.sort(rng.choice(count, size=min(count, num_clusters * _SAMPLE_A_CLUSTER), replace=False))
        centres = centres_of(vectors[chosen].astype(np.float32), num_clusters, seed=self._seed)
        clusters = SortedRuns(self._folder / "clusters.bin")
        for start in range(0, count, _BLOCK_ROWS):
            nearest = nearest_centres(vectors[start : start + _BLOCK_ROWS].astype(np.float32), centres)
            clusters.add(nearest.astype(np.uint64), np.arange(start, start + len(nearest)))
        return clusters

    def _groups(self, numbers: Sequence[int], vectors: Any, positions: Any) -> list[Group]:
        """Groups with copies, of documents in the order of preference."""

        def member(number: int, similarity: float = 1.0) -> Member:
            document = self._spool.at(int(positions[number]))
            return Member(number, document.id, similarity)

        found = near_copies(vectors[numbers].astype(np.float32), self._min_cosine)
        groups: dict[int, Group] = {}
        for place, (kept_place, cosine) in found.items():
            kept, number = numbers[kept_place], numbers[place]
            if kept not in groups:
                groups[kept] = Group(member(kept))
            groups[kept].copies.append(member(number, cosine))
        return list(groups.values())


def near_copies(vectors: Any, min_cosine: float) -> dict[int, tuple[int, float]]:
    """For each vector that is near enough to an earlier one that stays: the place of the nearest, and the cosine.

    Args:
        vectors: float32, rows of length 1 or zeros, the most preferred first.
        min_cosine: from which on the later one goes; what stays is less alike among itself.
    """
    kept: list[int] = []
    copies: dict[int, tuple[int, float]] = {}
    for start in range(0, len(vectors), _JUDGED_ROWS):
        rows = vectors[start : start + _JUDGED_ROWS]
        num_before = len(kept)
        among = rows @ rows.T
        before = rows @ vectors[kept].T if kept else np.empty((len(rows), 0), dtype=np.float32)
        for i in range(len(rows)):
            fresh = np.array(kept[num_before:], dtype=np.int64) - start
            cosines = np.concatenate([before[i], among[i, fresh]])
            best = int(np.argmax(cosines)) if cosines.size else 0
            if cosines.size and cosines[best] >= min_cosine and rows[i].any():
                copies[start + i] = (kept[best], min(1.0, float(cosines[best])))
            else:
                kept.append(start + i)
    return copies


def _parts(clusters: SortedRuns) -> Iterator[list[int]]:
    """The numbers of each cluster, at most ``MAX_PART`` at a time."""
    cluster = -1
    part: list[int] = []
    for block in clusters.blocks():
        for key, number in zip(block.keys.tolist(), block.numbers.tolist(), strict=True):
            if part and (key != cluster or len(part) == MAX_PART):
                yield part
                part = []
            cluster = key
            part.append(number)
    if part:
        yield part
