"""Which hashes were met before, in memory that does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from samovar.core.files import naming_os_errors

MAX_IN_MEMORY = 1 << 18
_MERGED_HASHES = 1 << 17


class SeenHashes:
    """A set of 64-bit hashes that grows on disk.

    At most ``max_in_memory`` of them and one call's more (about 100 bytes each: 26 MB at 2**18) are in memory; then
    they are sorted and written to a file, 8 bytes each, which is mapped into memory and searched by bisection. Files
    of like size become one, so that there are about log2(hashes / max_in_memory) of them.

    Two different texts share a hash of 64 bits with probability 3e-6 among ten million; in a billion texts 0.03 of one
    are taken for another.
    """

    def __init__(self, folder: Path, *, max_in_memory: int | None = None) -> None:
        self._folder = folder
        self._max_in_memory = max_in_memory or MAX_IN_MEMORY
        self._recent: set[int] = set()
        self._files: list[_HashFile] = []
        self._num_written = 0

    def add(self, hashes: Sequence[int]) -> list[bool]:
        """Remember ``hashes``; says of each whether it is new, also among those before it."""
        is_new = self.are_new(hashes)
        for place, value in enumerate(hashes):
            if is_new[place]:
                is_new[place] = value not in self._recent
                self._recent.add(value)
        if len(self._recent) >= self._max_in_memory:
            self._spill()
        return is_new

    def are_new(self, hashes: Sequence[int]) -> list[bool]:
        """Of each of ``hashes`` whether ``add`` was never given it."""
        is_new = [value not in self._recent for value in hashes]
        if self._files and any(is_new):
            asked = np.array(hashes, dtype=np.uint64)
            # Sorted questions walk through a file from its start to its end, which the processor's caches like.
            order = np.argsort(asked)
            asked = asked[order]
            found = np.zeros(asked.size, dtype=bool)
            for file in self._files:
                found |= file.has(asked)
            for place in order[found].tolist():
                is_new[place] = False
        return is_new

    def _spill(self) -> None:
        with naming_os_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        recent = np.fromiter(self._recent, dtype=np.uint64, count=len(self._recent))
        file = _HashFile.write(self._next_path(), [np.sort(recent)])
        self._recent.clear()
        while self._files and self._files[-1].size <= 2 * file.size:
            file = _HashFile.merge(self._next_path(), self._files.pop(), file)
        self._files.append(file)

    def _next_path(self) -> Path:
        self._num_written += 1
        return self._folder / f"seen-{self._num_written}.bin"


class _HashFile:
    """Sorted hashes without repeats in a file mapped into memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hashes: Any = np.asarray(np.memmap(path, dtype=np.uint64, mode="r"))
        self.size = int(self._hashes.size)

    @classmethod
    def write(cls, path: Path, blocks: Iterable[Any]) -> _HashFile:
        with naming_os_errors(path), path.open("wb") as file:
            for block in blocks:
                file.write(block.tobytes())
        return cls(path)

    @classmethod
    def merge(cls, path: Path, left: _HashFile, right: _HashFile) -> _HashFile:
        """The hashes of both, whose files go."""
        merged = cls.write(path, _merged(left._hashes, right._hashes))
        for old in (left, right):
            old._path.unlink()
        return merged

    def has(self, asked: Any) -> Any:
        """Of each of ``asked`` whether it is here."""
        places = np.searchsorted(self._hashes, asked)
        places[places == self.size] = 0
        return self._hashes[places] == asked


def _merged(left: Any, right: Any) -> Iterator[Any]:
    """Two sorted arrays as one, in sorted blocks."""
    i = j = 0
    while i < left.size or j < right.size:
        first, second = left[i : i + _MERGED_HASHES], right[j : j + _MERGED_HASHES]
        # Whatever is not above the lesser of the last hashes cannot come later.
        limit = min(part[-1] for part in (first, second) if part.size)
        first = first[: np.searchsorted(first, limit, side="right")]
        second = second[: np.searchsorted(second, limit, side="right")]
        yield np.sort(np.concatenate([first, second]))
        i, j = i + first.size, j + second.size
