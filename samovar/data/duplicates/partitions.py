"""One band of MinHash as a partition: it takes a hash a document, and gives the pairs of documents that share one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from samovar.data.duplicates.components import edges_of_blocks
from samovar.data.duplicates.sorted_runs import SortedRuns


class Partition(Protocol):
    """Where the hashes of a band are brought into order. It may be anywhere; the pairs are the same."""

    def add(self, keys: Any, numbers: Any) -> None:
        """Take arrays of equal length: hashes, and the numbers of their documents."""
        ...

    def close(self) -> None:
        """Say that no more will come. All partitions are closed before the first is asked for its pairs."""
        ...

    def edges(self) -> Iterator[Any]:
        """The pairs that join documents with equal hashes, in arrays of int64, a row a pair.

        Some may come twice, which union-find does not mind.
        """
        ...


NewPartition = Callable[[Path, int], Partition]
"""Makes a partition from a path that it alone may use, and the records to sort at once in memory."""


class DiskPartition:
    """A partition in a file of this machine."""

    def __init__(self, path: Path, run_records: int) -> None:
        self._runs = SortedRuns(path, run_records=run_records)

    def add(self, keys: Any, numbers: Any) -> None:
        """Take arrays of equal length."""
        self._runs.add(keys, numbers)

    def close(self) -> None:
        """Nothing to do: pairs are sought when they are asked for."""

    def edges(self) -> Iterator[Any]:
        """The pairs, a block of sorted hashes at a time."""
        return edges_of_blocks(self._runs.blocks())
