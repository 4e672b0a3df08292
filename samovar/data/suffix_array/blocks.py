"""The documents of a corpus in one form, in as many blocks as they need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from samovar.core.files import naming_os_errors
from samovar.core.progress import Progress
from samovar.data.rows import map_numbers
from samovar.data.suffix_array.block import Block, write_block
from samovar.data.suffix_array.construction import SEPARATOR, starts_of_characters

BLOCK_BYTES = 64 << 20
_STARTS, _BLOCK_ENDS = "document-starts", "block-ends"


class Places(NamedTuple):
    """Where something stands in one document."""

    document: int
    num_places: int
    offsets: np.ndarray
    """The first of the places, in characters from the start of the document; int64."""


class Blocks:
    """Written blocks, open for search; of the files, a few are open at a time, however many there are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._starts = map_numbers(folder / _STARTS, np.int64)
        self._firsts = np.append(0, map_numbers(folder / _BLOCK_ENDS, np.int64))

    @property
    def num_documents(self) -> int:
        """Documents in all blocks."""
        return len(self._starts)

    def search(self, pattern: str, *, limit: int, max_offsets: int) -> tuple[int, int, list[Places]]:
        """Places in all, documents in all, and the ``limit`` documents with most places, in descending order."""
        encoded = pattern.encode("utf-8", "replace")
        count = num_documents = 0
        best: list[Places] = []
        for number in range(len(self._firsts) - 1):
            block = Block(self._folder, number)
            positions = block.find(encoded)
            owners = np.searchsorted(self._starts, positions + self._firsts[number], side="right") - 1
            documents, firsts, counts = np.unique(owners, return_index=True, return_counts=True)
            count += len(positions)
            num_documents += len(documents)
            for chosen in np.argsort(-counts, kind="stable")[:limit]:
                document, first = int(documents[chosen]), firsts[chosen]
                shown = positions[first : first + min(max_offsets, counts[chosen])]
                start = int(self._starts[document] - self._firsts[number])
                best.append(Places(document, int(counts[chosen]), _characters_before(block, start, shown)))
            best = sorted(best, key=lambda places: (-places.num_places, places.document))[:limit]
        return count, num_documents, best

    def text(self, document: int) -> str:
        """The text of the document of this number."""
        block, start, end = self._place(document)
        return Block(self._folder, block).text[start:end].decode()

    def texts(self) -> Iterator[str]:
        """Every document's text, in their order."""
        for number in range(len(self._firsts) - 1):
            block = Block(self._folder, number)
            first, end = np.searchsorted(self._starts, self._firsts[number : number + 2])
            for document in range(int(first), int(end)):
                _, start, stop = self._place(document)
                yield block.text[start:stop].decode()

    def _place(self, document: int) -> tuple[int, int, int]:
        """Block, first byte in it, and byte behind the last of a document."""
        start = int(self._starts[document])
        is_last = document + 1 == len(self._starts)
        end = int(self._firsts[-1] if is_last else self._starts[document + 1])
        block = int(np.searchsorted(self._firsts, start, side="right")) - 1
        first = int(self._firsts[block])
        return block, start - first, end - 1 - first


class BlockWriter:
    """Takes documents and writes blocks of at most ``BLOCK_BYTES``, or of one document where that is longer."""

    def __init__(self, folder: Path, progress: Progress) -> None:
        self.num_documents = self.num_bytes = self.num_suffixes = self.num_blocks = 0
        self._folder, self._progress = folder, progress
        self._text = bytearray()
        with naming_os_errors(folder):
            folder.mkdir(parents=True)
            self._starts = (folder / _STARTS).open("wb")
            self._ends = (folder / _BLOCK_ENDS).open("wb")

    def add(self, text: str) -> None:
        """Put one more document into the block, or into a new one where it is full."""
        encoded = text.encode("utf-8", "replace")
        if self._text and len(self._text) + len(encoded) > BLOCK_BYTES:
            self.close_block()
        with naming_os_errors(self._folder):
            self._starts.write((self.num_bytes + len(self._text)).to_bytes(8, "little"))
        self._text += encoded
        self._text.append(SEPARATOR)
        self.num_documents += 1

    def close_block(self) -> None:
        """Sort and write what was gathered; nothing when that is nothing."""
        if not self._text:
            return
        self.num_suffixes += write_block(self._folder, self.num_blocks, self._text)
        self.num_bytes += len(self._text)
        self.num_blocks += 1
        with naming_os_errors(self._folder):
            self._ends.write(self.num_bytes.to_bytes(8, "little"))
        self._progress.advance(len(self._text))
        self._text = bytearray()

    def __enter__(self) -> BlockWriter:
        return self

    def __exit__(self, *_: object) -> None:
        with naming_os_errors(self._folder):
            self._starts.close()
            self._ends.close()


def _characters_before(block: Block, start: int, positions: np.ndarray) -> np.ndarray:
    """Characters between byte ``start`` and each of ``positions``, which ascend."""
    text = np.frombuffer(block.text, dtype=np.uint8)
    offsets, previous, count = [], start, 0
    for position in positions.tolist():
        count += int(np.count_nonzero(starts_of_characters(text[previous:position])))
        offsets.append(count)
        previous = position
    return np.array(offsets, dtype=np.int64)
