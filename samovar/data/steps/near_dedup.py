"""Texts that differ little from another: the newest of them stays."""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import xxhash
from pydantic import Field

from samovar.data.document import Document
from samovar.data.steps.step import Dropped, Step, StepSettings, Table, Verdict

if TYPE_CHECKING:
    from samovar.data.duplicates.clusters import Group
    from samovar.data.duplicates.facts import Copies
    from samovar.data.duplicates.minhash import Sketch
    from samovar.data.spool import Spool

_SHOWN_CLUSTERS = 20
_SHOWN_COPIES = 5
_SHOWN_SIMILARITIES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
_KEPT_IDS = 4096


class NearDedupSettings(StepSettings):
    """Drops documents that share most of their runs of words with another, which stays."""

    step: Literal["near_dedup"] = "near_dedup"
    """Name of the step."""
    words: int = Field(5, ge=1, le=100)
    """Length of the runs of words that are compared, in words."""
    bands: int = Field(14, ge=1, le=255)
    """Bands of MinHash: two documents are compared when all hashes of one band agree."""
    rows: int = Field(8, ge=1, le=64)
    """Hashes in a band: more find fewer pairs, and more similar ones."""
    min_similarity: float = Field(0.7, ge=0, le=1)
    """Share of common runs (Jaccard similarity, from 0 to 1) from which on two texts are the same."""
    keep: Literal["newest", "longest", "first"] = "newest"
    """Which copy stays: the newest by its meta modified or date, else the longest, else the first."""
    numbers: Literal["keep", "ignore"] = "keep"
    """keep: texts with other digits differ, as two invoices do; ignore: digits are left out of the comparison."""


class NearDedup(Step):
    """Finds candidates by MinHash and bands, checks their true similarity, and keeps one copy of each cluster.

    It sees the corpus twice: all documents are put into a spool on disk, with 12 bytes a band and 36 bytes more for
    each; in memory it holds at most about 150 MB, and one document (``duplicates/near_index.py``). Whatever is
    dropped has a copy that stays with at least ``min_similarity``; runs give the same on every machine and in any
    number of workers.

    Where ``prepare`` was called in a worker, its result can come with the document under ``PREPARED`` in its meta, as
    hexadecimal digits: then the hashes are not computed again. One that was made of another text is not believed.
    """

    settings_class = NearDedupSettings
    is_local = False
    PREPARED = "near_dedup:prepared"

    def __init__(self, settings: NearDedupSettings, *, seed: int = 0) -> None:
        super().__init__(settings, seed=seed)
        self._sketch: Sketch | None = None
        self._copies: Copies | None = None
        self._spool: Spool | None = None
        self._positions: Any = None
        self._sizes: Counter[int] = Counter()
        self._largest: list[tuple[int, str, tuple[str, ...]]] = []
        self._num_refused = 0
        self._number = 0
        self._kept_ids: dict[int, str] = {}

    @property
    def sketch(self) -> Sketch:
        """How this step compares texts."""
        if self._sketch is None:
            from samovar.data.duplicates.minhash import Sketch

            wanted = self.settings
            self._sketch = Sketch(wanted.words, wanted.bands, wanted.rows, wanted.numbers == "keep")
        return self._sketch

    def prepare(self, document: Document) -> bytes:
        """What the step needs to know of a document, from its text alone: a hash of it, and a hash a band."""
        return _text_hash(document.text) + self.sketch.band_hashes(document.text).astype("<u8").tobytes()

    def __call__(self, documents: Iterator[Document]) -> Iterator[Document]:
        """The documents that stay, in the same order, when all have been seen."""
        from samovar.data.duplicates.near_index import NearIndex
        from samovar.data.duplicates.working_folder import working_folder
        from samovar.data.spool import Spool

        folder = working_folder(self)
        with Spool(folder / "documents.spool") as spool:
            index = NearIndex(
                folder,
                spool,
                self.sketch,
                min_similarity=self.settings.min_similarity,
                preference=self.settings.keep,
            )
            for document in documents:
                prepared = document.meta.pop(self.PREPARED, "")
                index.add(document, self._band_hashes(document, bytes.fromhex(prepared)))
            self._copies = index.find(self._count_group)
            self._spool, self._positions = spool, index.positions
            self._number = 0
            yield from super().__call__(iter(spool))

    def judge(self, document: Document) -> Verdict:
        """Drop it when the clusters have a better copy; documents come in the order in which they were indexed."""
        assert self._copies is not None
        copy = self._copies.get(self._number)
        self._number += 1
        if copy is None:
            return None
        return Dropped("near-duplicate", f"similarity {copy.similarity:.2f} to {self._id_of(copy.kept)}, which stays")

    def clusters(self) -> Iterator[dict[str, Any]]:
        """Every group of near-duplicates: the id kept, its source, why it, and the copies with their similarities.

        There is something to give once the last document came through, and as long as ``scratch`` is there.
        """
        from samovar.data.duplicates.near_index import CLUSTERS_FILE

        path = self.scratch / CLUSTERS_FILE
        if path.is_file():
            with path.open(encoding="utf-8") as file:
                for line in file:
                    yield json.loads(line)

    def tables(self) -> list[Table]:
        """How likely pairs are found, the sizes of clusters, the largest clusters."""
        return [*super().tables(), self._probability_table(), *self._cluster_tables()]

    def _band_hashes(self, document: Document, prepared: bytes) -> Any:
        import numpy as np

        head = _text_hash(document.text)
        if prepared.startswith(head) and len(prepared) in {len(head), len(head) + 8 * self.settings.bands}:
            return np.frombuffer(prepared, dtype="<u8", offset=len(head)).astype(np.uint64)
        return self.sketch.band_hashes(document.text)

    def _id_of(self, number: int) -> str:
        assert self._spool is not None
        if number not in self._kept_ids:
            if len(self._kept_ids) >= _KEPT_IDS:
                self._kept_ids.clear()
            self._kept_ids[number] = self._spool.at(int(self._positions[number])).id
        return self._kept_ids[number]

    def _count_group(self, group: Group) -> None:
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

    def _probability_table(self) -> Table:
        from samovar.data.duplicates.minhash import probability_of_finding

        wanted = self.settings
        rows: list[tuple[str, ...]] = [
            (f"{similarity:.2f}", f"{probability_of_finding(similarity, bands=wanted.bands, rows=wanted.rows):.3f}")
            for similarity in _SHOWN_SIMILARITIES
        ]
        note = (
            f"Two documents of this Jaccard similarity (runs of {wanted.words} words) meet in at least one of "
            f"{wanted.bands} bands of {wanted.rows} hashes with this probability; of those that met, the ones with a "
            f"true similarity of at least {wanted.min_similarity} are near-duplicates."
        )
        return Table("Chance of finding a near-duplicate", ("similarity", "probability"), rows, note)

    def _cluster_tables(self) -> list[Table]:
        if not self._sizes:
            return []
        by_size: Counter[int] = Counter()
        for size, count in self._sizes.items():
            by_size[size.bit_length()] += count
        sizes: list[tuple[str, ...]] = [(_size_range(bits), f"{count:,}") for bits, count in sorted(by_size.items())]
        note = f"{self._num_refused:,} candidates were kept because no kept document was similar enough."
        largest: list[tuple[str, ...]] = [
            (str(size), kept, ", ".join(copies) + (" …" if size - 1 > len(copies) else ""))
            for size, kept, copies in sorted(self._largest, key=lambda one: (-one[0], one[1]))
        ]
        return [
            Table("Clusters of near-duplicates by size", ("documents", "clusters"), sizes, note),
            Table("Largest clusters of near-duplicates", ("documents", "kept", "dropped"), largest),
        ]


def _text_hash(text: str) -> bytes:
    return xxhash.xxh3_64_digest(text.encode("utf-8", "surrogatepass"))


def _size_range(bits: int) -> str:
    low, high = 1 << (bits - 1), (1 << bits) - 1
    return f"{low:,} to {high:,}"
