"""Texts that differ little from another: the newest of them stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import xxhash
from pydantic import Field

from samovar.data.document import Document
from samovar.data.duplicates.two_pass import TwoPassDedup
from samovar.data.steps.step import StepSettings, Table

if TYPE_CHECKING:
    from samovar.data.duplicates.minhash import Sketch
    from samovar.data.duplicates.partitions import NewPartition

_SHOWN_SIMILARITIES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


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


class NearDedup(TwoPassDedup):
    """Finds candidates by MinHash and bands, checks their true similarity, and keeps one copy of each cluster.

    It sees the corpus twice: all documents are put into a spool on disk, with 12 bytes a band and 36 bytes more for
    each; in memory it holds at most about 150 MB, and one document (``duplicates/near_index.py``). Whatever is
    dropped has a copy that stays with at least ``min_similarity``; runs give the same on every machine and in any
    number of workers.

    Where ``prepare`` was called in a worker, its result can come with the document under ``PREPARED`` in its meta, as
    hexadecimal digits: then the hashes are not computed again. One that was made of another text is not believed.
    """

    settings_class = NearDedupSettings
    reason = "near-duplicate"
    PREPARED = "near_dedup:prepared"

    def __init__(self, settings: NearDedupSettings, *, seed: int = 0) -> None:
        super().__init__(settings, seed=seed)
        self._sketch: Sketch | None = None
        self.new_partition: NewPartition | None = None
        """Where each band is brought into order, when that is not in a file of this machine."""

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
        return self._head(document.text) + self.sketch.band_hashes(document.text).astype("<u8").tobytes()

    def __call__(self, documents: Iterator[Document]) -> Iterator[Document]:
        """The documents that stay, in the same order, when all have been seen."""
        from samovar.data.duplicates.near_index import NearIndex
        from samovar.data.duplicates.partitions import DiskPartition
        from samovar.data.spool import Spool

        folder = self.working_folder()
        with Spool(folder / "documents.spool") as spool:
            index = NearIndex(
                folder,
                spool,
                self.sketch,
                min_similarity=self.settings.min_similarity,
                preference=self.settings.keep,
                new_partition=self.new_partition or DiskPartition,
            )
            for document in documents:
                prepared = document.meta.pop(self.PREPARED, "")
                index.add(document, self._band_hashes(document, bytes.fromhex(prepared)))
            copies = index.find(self.count_group)
            yield from self._second_pass(spool, copies, index.positions)

    def tables(self) -> list[Table]:
        """How likely pairs are found, the sizes of clusters, the largest clusters."""
        return [self._probability_table(), *super().tables()]

    def _head(self, text: str) -> bytes:
        """A hash of the text that other settings would not give."""
        words, bands, rows, with_numbers = self.sketch
        seed = words | bands << 8 | rows << 16 | with_numbers << 24
        return xxhash.xxh3_64_digest(text.encode("utf-8", "surrogatepass"), seed=seed)

    def _band_hashes(self, document: Document, prepared: bytes) -> Any:
        import numpy as np

        head = self._head(document.text) if prepared else b""
        if prepared and prepared.startswith(head) and len(prepared) in {len(head), len(head) + 8 * self.settings.bands}:
            return np.frombuffer(prepared, dtype="<u8", offset=len(head)).astype(np.uint64)
        return self.sketch.band_hashes(document.text)

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
