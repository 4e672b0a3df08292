"""In how many documents each line occurs, counted in bounded memory: a sketch first, then exactly what may be common.

The sketch (count-min; Cormode and Muthukrishnan 2005, J. Algorithms 55(1)) never counts too little, so that no common
line is missed; lines that it finds common enough are counted again, exactly. Line hashes wait on disk in between.

Legend: L lines of a document, D rows of the sketch, W its width, K candidates.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np

from samovar.core.files import naming_os_errors

_NUM_ROWS = 4
_BLOCK_HASHES = 1 << 18
_FACTORS_D = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], np.uint64)


class LineCounts:
    """Counts in how many documents a line occurs, for lines that occur in at least ``least`` of them.

    Memory: the sketch (``sketch_bytes``), a block of 2 MB, and 16 bytes for each of at most ``max_candidates`` lines.
    Disk: 8 bytes a line.
    """

    def __init__(self, path: Path, *, least: int, sketch_bytes: int, max_candidates: int = 1 << 18) -> None:
        width_bits = max(8, (sketch_bytes // (4 * _NUM_ROWS)).bit_length() - 1)
        self._shift = np.uint64(64 - width_bits)
        self._sketch_DW = np.zeros((_NUM_ROWS, 1 << width_bits), dtype=np.uint32)
        self._least = least
        self._max_candidates = max_candidates
        self._path = path
        with naming_os_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("wb")
        self._block: list[np.ndarray] = []
        self._block_size = 0
        self.candidates_K = np.zeros(0, dtype=np.uint64)
        """Hashes of the lines that are common, in order; after ``count_exactly``."""
        self.counts_K = np.zeros(0, dtype=np.int64)
        """In how many documents each occurs."""
        self.least_counted = least
        """Lines in fewer documents may be missing: ``least``, or more where there were too many candidates."""

    def add(self, hashes_L: np.ndarray) -> None:
        """Count the lines of one more document, given as hashes; each line counts once."""
        unique_L = np.unique(hashes_L)
        self._block.append(unique_L)
        self._block_size += len(unique_L)
        if self._block_size >= _BLOCK_HASHES:
            self._flush()

    def count_exactly(self) -> None:
        """Count again what the sketch finds common. To be called once, when all documents were added."""
        self._flush()
        self._file.flush()
        candidates_K = self._find_candidates()
        counts_K = np.zeros(len(candidates_K), dtype=np.int64)
        for block in self._blocks() if len(candidates_K) else ():
            places = np.searchsorted(candidates_K, block)
            places[places == len(candidates_K)] = 0
            np.add.at(counts_K, places[candidates_K[places] == block], 1)
        self._sketch_DW = self._sketch_DW[:, :0]
        are_common_K = counts_K >= self._least
        self.candidates_K, self.counts_K = candidates_K[are_common_K], counts_K[are_common_K]

    def look_up(self, hashes_L: np.ndarray) -> np.ndarray:
        """In how many documents each line occurs, int64; 0 for a line that is not common."""
        if not len(self.candidates_K):
            return np.zeros(len(hashes_L), dtype=np.int64)
        places_L = np.minimum(np.searchsorted(self.candidates_K, hashes_L), len(self.candidates_K) - 1)
        return np.where(self.candidates_K[places_L] == hashes_L, self.counts_K[places_L], 0)

    def _flush(self) -> None:
        if not self._block:
            return
        block = np.concatenate(self._block)
        self._block, self._block_size = [], 0
        with naming_os_errors(self._path):
            block.tofile(self._file)
        for row_W, cells in zip(self._sketch_DW, self._cells(block), strict=True):
            np.add.at(row_W, cells, 1)

    def _cells(self, hashes: np.ndarray) -> list[np.ndarray]:
        return [((hashes * factor) >> self._shift).astype(np.int64) for factor in _FACTORS_D]

    def _estimate(self, hashes: np.ndarray) -> np.ndarray:
        """What the sketch says; never less than the truth."""
        rows = [row_W[cells] for row_W, cells in zip(self._sketch_DW, self._cells(hashes), strict=True)]
        return np.minimum.reduce(rows)

    def _find_candidates(self) -> np.ndarray:
        """Hashes in order whose estimate is high enough; the least estimate grows when there are too many of them."""
        candidates_K = np.zeros(0, dtype=np.uint64)
        for block in self._blocks():
            common = block[self._estimate(block) >= self.least_counted]
            candidates_K = np.union1d(candidates_K, common)
            while len(candidates_K) > self._max_candidates:
                self.least_counted *= 2
                candidates_K = candidates_K[self._estimate(candidates_K) >= self.least_counted]
        return candidates_K

    def _blocks(self) -> Iterator[np.ndarray]:
        with self._path.open("rb") as file:
            while len(block := np.fromfile(file, dtype=np.uint64, count=_BLOCK_HASHES)):
                yield block

    def __enter__(self) -> LineCounts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)
