"""Pairs of documents joined into clusters: union-find over an array on disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from samovar.core.files import naming_os_errors
from samovar.data.duplicates.sorted_runs import Block

_BLOCK_NUMBERS = 1 << 20


def edges(sorted_keys: Any, numbers: Any) -> Any:
    """The pairs that join the documents with equal keys, each with the next.

    Args:
        sorted_keys: equal ones side by side, such as the band hashes of one band, sorted.
        numbers: whose each key is.
    Returns:
        pairs: int64, a row a pair; one less for every key than it has documents.
    """
    is_same = sorted_keys[1:] == sorted_keys[:-1]
    return np.stack([numbers[:-1][is_same], numbers[1:][is_same]], axis=1).astype(np.int64)


def edges_of_blocks(blocks: Iterable[Block]) -> Iterator[Any]:
    """The edges of blocks that follow each other: a key that goes on in the next block joins across."""
    last_key, last_number = np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.uint32)
    for block in blocks:
        keys, numbers = np.concatenate([last_key, block.keys]), np.concatenate([last_number, block.numbers])
        yield edges(keys, numbers)
        last_key, last_number = keys[-1:], numbers[-1:]


class Clusters:
    """A union-find in a file mapped into memory, 8 bytes a document; the system keeps in memory what there is room for.

    The root of a cluster is its smallest number, whatever the order of the pairs.
    """

    def __init__(self, path: Path, count: int) -> None:
        self._count = count
        with naming_os_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._parents: Any = np.memmap(path, dtype=np.int64, mode="w+", shape=(max(1, count),))
        for start in range(0, count, _BLOCK_NUMBERS):
            end = min(count, start + _BLOCK_NUMBERS)
            self._parents[start:end] = np.arange(start, end)

    def join(self, pairs: Any) -> None:
        """Join the two documents of every row of ``pairs``."""
        from samovar.data.duplicates.kernels import join_pairs

        join_pairs(np.asarray(self._parents), pairs)

    def members(self) -> Iterator[Block]:
        """The clusters of two and more: keys are roots, numbers all other members, in the order of numbers."""
        from samovar.data.duplicates.kernels import roots_of

        for start in range(0, self._count, _BLOCK_NUMBERS):
            numbers = np.arange(start, min(self._count, start + _BLOCK_NUMBERS))
            roots = np.empty_like(numbers)
            roots_of(np.asarray(self._parents), start, roots)
            is_member = roots != numbers
            yield Block(roots[is_member].astype(np.uint64), numbers[is_member].astype(np.uint32))
