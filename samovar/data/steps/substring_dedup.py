"""Passages that stand in an earlier document, or earlier in the same one."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from samovar.data.document import Document
from samovar.data.spool import Spool
from samovar.data.steps.step import Dropped, Edited, Step, StepSettings, Verdict

if TYPE_CHECKING:
    import numpy as np

_EARLIEST_FILE = "earliest.bin"


class SubstringDedupSettings(StepSettings):
    """Cuts out passages that occurred before, word for word, and drops documents of which little is left."""

    step: Literal["substring_dedup"] = "substring_dedup"
    """Name of the step."""
    min_words: int = Field(50, ge=8, le=10_000)
    """Shortest passage that is cut out, in words; white space does not matter."""
    min_kept_share: float = Field(0.1, ge=0, le=1)
    """Documents that keep a smaller share of their words are dropped."""
    block_megabytes: int = Field(64, ge=1, le=2000)
    """Text sorted at a time, in MiB; the step takes about ten times that in memory, however large the corpus is."""


class SubstringDedup(Step):
    """Keeps the first occurrence of every passage, cuts out the later ones, and leaves a line break for each.

    Words are what stands between ASCII white space. All documents are read before the first is passed on: they wait in
    a file. Of each it remembers 16 bytes in memory, and of each word 8 bytes on disk. Passages are found by a suffix
    array (``samovar.data.suffix_array``), in blocks that share their windows when the corpus is larger than one.
    """

    settings_class = SubstringDedupSettings
    is_local = False

    def __init__(self, settings: SubstringDedupSettings, *, seed: int = 0) -> None:
        super().__init__(settings, seed=seed)
        self._positions, self._first_words = array("q"), array("q")
        self._spool: Spool | None = None
        self._earliest: np.ndarray | None = None
        self._judged = 0

    def __call__(self, documents: Iterator[Document]) -> Iterator[Document]:
        """The documents that stay, in the same order, once all have been seen."""
        folder = self.working_folder()
        with Spool(folder / "documents.spool") as spool:
            self._spool = spool
            num_words, num_bytes = self._gather(documents, spool)
            self._earliest = self._find(spool, folder, num_words, num_bytes)
            yield from super().__call__(iter(spool))
            self._earliest = None
            (folder / _EARLIEST_FILE).unlink(missing_ok=True)

    def _gather(self, documents: Iterator[Document], spool: Spool) -> tuple[int, int]:
        from samovar.data.suffix_array.repeats import words_of

        num_words = num_bytes = 0
        for document in documents:
            encoded = _utf8(document.text)
            self._positions.append(spool.add(document))
            self._first_words.append(num_words)
            num_words += len(words_of(encoded)[0])
            num_bytes += len(encoded)
        return num_words, num_bytes

    def _find(self, spool: Spool, folder: Path, num_words: int, num_bytes: int) -> np.ndarray:
        """For every word of the corpus 0, or where the passage that begins there stood first, and one; int64."""
        import numpy as np

        from samovar.data.suffix_array.partitions import Partitions
        from samovar.data.suffix_array.repeats import find_repeats

        earliest = np.memmap(folder / _EARLIEST_FILE, dtype=np.int64, mode="w+", shape=(max(1, num_words),))
        partitions = Partitions(
            folder / "parts",
            num_bytes=num_bytes,
            block_bytes=self.settings.block_megabytes << 20,
            num_words=self.settings.min_words,
        )
        with partitions:
            for document, first_word in zip(spool, self._first_words, strict=True):
                partitions.add(_utf8(document.text), first_word)
            for text, pieces in partitions:
                repeats = find_repeats(text, pieces, self.settings.min_words)
                earliest[repeats.windows] = repeats.earliest + 1
        return earliest

    def judge(self, document: Document) -> Verdict:
        """Cut out what occurred before; documents come in the order in which they were gathered."""
        import numpy as np

        from samovar.data.suffix_array.repeats import words_of

        assert self._earliest is not None
        encoded = _utf8(document.text)
        starts, ends = words_of(encoded)
        first, size = self._first_words[self._judged], self.settings.min_words
        self._judged += 1
        earliest = self._earliest[first : first + len(starts)]
        windows = np.flatnonzero(earliest)
        if not len(windows):
            return None
        depth = np.zeros(len(starts) + 1, dtype=np.int64)
        depth[windows] += 1
        depth[windows + size] -= 1
        is_repeated = np.cumsum(depth)[:-1] > 0
        num_repeated = int(is_repeated.sum())
        self.tally.found["Words in repeated passages"]["words"] += num_repeated
        if len(starts) - num_repeated < self.settings.min_kept_share * len(starts):
            other = self._document_of(int(earliest[windows[0]]) - 1)
            return Dropped("repeats earlier documents", f"{num_repeated} of {len(starts)} words; the first in {other}")
        edges = np.flatnonzero(np.diff(is_repeated, prepend=np.False_, append=np.False_)).reshape(-1, 2)
        return Edited(_without(encoded, starts, ends, edges), {"repeated passage": len(edges)})

    def _document_of(self, word: int) -> str:
        assert self._spool is not None
        number = bisect_right(self._first_words, word) - 1
        return self._spool.at(self._positions[number]).id


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _without(text: bytes, starts: np.ndarray, ends: np.ndarray, runs: np.ndarray) -> str:
    """``text`` without the words of each run; the wider of the gaps around a run stays, with one line end at least."""
    parts, place = [], 0
    for first, last in runs.tolist():
        before = int(ends[first - 1]) if first else 0
        after = int(starts[last]) if last < len(starts) else len(text)
        parts.append(text[place:before])
        if first and last < len(starts):
            gaps = text[before : int(starts[first])], text[int(ends[last - 1]) : after]
            gap = max(gaps, key=lambda gap: gap.count(b"\n"))
            parts.append(gap if b"\n" in gap else b"\n")
        place = after
    return b"".join([*parts, text[place:]]).decode("utf-8", "surrogatepass")
