"""One block of an index: documents one after another with their suffixes sorted, as two files mapped into memory."""

from __future__ import annotations

import mmap
from bisect import bisect_left, bisect_right
from pathlib import Path

import numpy as np

from samovar.core.files import naming_os_errors
from samovar.data.rows import map_numbers
from samovar.data.suffix_array.construction import SEPARATOR, chosen_suffixes, starts_of_characters

TEXT, SUFFIXES = ".text", ".suffixes"


def write_block(folder: Path, number: int, text: bytearray) -> int:
    """Sort ``text`` and write the block; give the number of its suffixes.

    Every character has a suffix: 4 bytes on disk, beside the text itself. In memory it takes 6 bytes a byte of
    ``text``.
    """
    suffixes = chosen_suffixes(text, starts_of_characters(np.frombuffer(text, dtype=np.uint8)))
    with naming_os_errors(folder):
        _path(folder, number, TEXT).write_bytes(text)
        suffixes.tofile(_path(folder, number, SUFFIXES))
    return len(suffixes)


class Block:
    """A written block, open for search as long as this object lives."""

    def __init__(self, folder: Path, number: int) -> None:
        self.text: mmap.mmap | bytes = _map_bytes(_path(folder, number, TEXT))
        """The documents in UTF-8, each closed by a separator."""
        self.suffixes = map_numbers(_path(folder, number, SUFFIXES), np.uint32)
        """The positions of all characters, sorted by what follows; uint32."""

    def find(self, pattern: bytes) -> np.ndarray:
        """The positions of ``pattern`` in the order of the text; int64. Comparisons grow with the logarithm only."""
        if not pattern or SEPARATOR in pattern:
            return np.empty(0, dtype=np.int64)
        text, suffixes, length = self.text, self.suffixes, len(pattern)
        places = range(len(suffixes))

        def head(place: int) -> bytes:
            position = int(suffixes[place])
            return text[position : position + length]

        first = bisect_left(places, pattern, key=head)
        last = bisect_right(places, pattern, lo=first, key=head)
        return np.sort(suffixes[first:last].astype(np.int64))


def _map_bytes(path: Path) -> mmap.mmap | bytes:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if file.seek(0, 2) else b""


def _path(folder: Path, number: int, suffix: str) -> Path:
    return folder / f"{number:05d}{suffix}"
