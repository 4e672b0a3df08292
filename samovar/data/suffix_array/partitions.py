"""A corpus cut into files that fit into memory, so that equal windows of words always meet in one of them.

Where one file is enough, it holds the documents. Else every window goes to the file that the least hash among its
triples of words names: equal windows have the same, and neighbours mostly, so that they go as pieces of some 25 windows
and the files together are about three times the corpus. Genome assemblers part their reads so (Roberts et al. 2004,
doi:10.1093/bioinformatics/bth408, minimizers; Li et al. 2013, doi:10.14778/2535569.2448951).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
import xxhash

from samovar.core.files import naming_os_errors
from samovar.data.rows import map_numbers
from samovar.data.suffix_array.repeats import single_spaced, words_of

PIECES_GROWTH = 3.5
"""How much longer the pieces are than the corpus, at 50 words a window, with room for files that grow unevenly."""
_TRIPLE = 3


class Partitions:
    """Takes documents in order, then gives each file's text and pieces as ``find_repeats`` wants them.

    Holds at most ``buffer_bytes`` of pieces in memory, and 16 bytes a piece.
    """

    def __init__(self, folder: Path, *, num_bytes: int, block_bytes: int, num_words: int) -> None:
        self.count = 1 if num_bytes <= block_bytes else 1 + int(PIECES_GROWTH * num_bytes / block_bytes)
        self._folder, self._num_words, self._buffer_bytes = folder, num_words, block_bytes
        self._texts = [bytearray() for _ in range(self.count)]
        self._pieces: list[list[int]] = [[] for _ in range(self.count)]
        self._gathered = 0
        with naming_os_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def add(self, text: bytes, first_word: int) -> None:
        """Put in the document ``text``, in UTF-8, whose first word has the number ``first_word`` in the corpus."""
        starts, ends = words_of(text)
        if len(starts) < self._num_words:
            return
        spaced = single_spaced(text, starts, ends)
        if self.count == 1:
            self._put(0, spaced.tobytes(), first_word, len(starts))
            return
        lengths = ends - starts + 1
        word_ends = np.cumsum(lengths)
        chosen = self._files_of_windows(spaced.tobytes())
        changes = np.flatnonzero(np.diff(chosen)) + 1
        for begin, end in zip([0, *changes.tolist()], [*changes.tolist(), len(chosen)], strict=True):
            last = end + self._num_words - 2  # the last word of the piece's last window
            piece = spaced[word_ends[begin] - lengths[begin] : word_ends[last]]
            self._put(int(chosen[begin]), piece.tobytes(), first_word + begin, last + 1 - begin)

    def _files_of_windows(self, spaced: bytes) -> np.ndarray:
        words = spaced.split(b" ")[:-1]
        hashes = np.fromiter(map(xxhash.xxh3_64_intdigest, words), dtype=np.uint64, count=len(words))
        triples = hashes[:-2] * np.uint64(0x9E3779B97F4A7C15)
        triples = (triples ^ (triples >> np.uint64(29)) ^ hashes[1:-1]) * np.uint64(0xBF58476D1CE4E5B9)
        triples = (triples ^ (triples >> np.uint64(32)) ^ hashes[2:]) * np.uint64(0x94D049BB133111EB)
        triples ^= triples >> np.uint64(31)
        least = np.lib.stride_tricks.sliding_window_view(triples, self._num_words - _TRIPLE + 1).min(axis=1)
        return (least % np.uint64(self.count)).astype(np.int64)

    def _put(self, number: int, text: bytes, first_word: int, num_words: int) -> None:
        self._texts[number] += text
        self._pieces[number] += (first_word, num_words)
        self._gathered += len(text)
        if self._gathered > self._buffer_bytes:
            average = self._gathered / self.count
            for full in range(self.count):
                if len(self._texts[full]) >= average:
                    self._flush(full)

    def _flush(self, number: int) -> None:
        with naming_os_errors(self._folder):
            with self._path(number, "text").open("ab") as file:
                file.write(self._texts[number])
            with self._path(number, "pieces").open("ab") as file:
                np.array(self._pieces[number], dtype=np.int64).tofile(file)
        self._gathered -= len(self._texts[number])
        self._texts[number], self._pieces[number] = bytearray(), []

    def __iter__(self) -> Iterator[tuple[bytearray, np.ndarray]]:
        for number in range(self.count):
            self._flush(number)
            pieces = map_numbers(self._path(number, "pieces"), np.int64).reshape(-1, 2)
            yield bytearray(self._path(number, "text").read_bytes()), pieces

    def _path(self, number: int, kind: str) -> Path:
        return self._folder / f"{number:05d}.{kind}"

    def __enter__(self) -> Partitions:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
