"""How many copies of each document make the planned mixture, by a hash of its id."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xxhash

from samovar.core.files import naming_os_errors
from samovar.data.mixture.groups import OTHER
from samovar.data.mixture.plan import GroupPlan

BUCKETS = 4096
MAX_KEYS = 60_000
MAX_GROUPS = 1_000
_ROW = np.dtype([("position", "<u8"), ("length", "<u4"), ("key", "<u2"), ("bucket", "<u2")])
_BUFFERED_ROWS = 4096
_BLOCK_ROWS = 1 << 16


class GroupedDocuments:
    """Where each document stands in a spool, its length, its group and the bucket of its id: 16 bytes each, on disk.

    In memory it holds the names of at most 60,000 keys and, when groups are summed, 64 KB for each of at most 1,000
    groups: under 100 MB. What comes beyond those is one group, ``(other)``.
    """

    def __init__(self, path: Path, *, seed: int) -> None:
        self._path, self._seed = path, seed
        self._numbers: dict[str, int] = {}
        self._buffer: list[tuple[int, int, int, int]] = []
        self._group_of_key: Any = None
        self.groups: list[str] = []
        self.documents: list[int] = []
        self.characters: list[int] = []
        self._sums: Any = None
        with naming_os_errors(path):
            path.write_bytes(b"")

    def add(self, document_id: str, length: int, key: str, position: int) -> None:
        """Take the next document."""
        if key not in self._numbers and len(self._numbers) >= MAX_KEYS:
            key = OTHER
        number = self._numbers.setdefault(key, len(self._numbers))
        self._buffer.append((position, length, number, bucket_of(document_id, self._seed)))
        if len(self._buffer) == _BUFFERED_ROWS:
            self._write()

    def sum_groups(self, name_groups: Callable[[list[str]], Mapping[str, str]]) -> dict[str, int]:
        """Characters by group, the largest first, when all documents came; ``name_groups`` maps keys to groups."""
        keys = list(self._numbers)
        names = name_groups(keys)
        sizes = np.zeros(len(keys), dtype=np.int64)
        for rows in self._blocks():
            np.add.at(sizes, rows["key"], rows["length"].astype(np.int64))
        by_group: dict[str, int] = {}
        for key, size in zip(keys, sizes.tolist(), strict=True):
            by_group[names[key]] = by_group.get(names[key], 0) + size
        ordered = sorted(by_group, key=lambda name: (-by_group[name], name))
        self.groups = ordered if len(ordered) <= MAX_GROUPS else [*ordered[: MAX_GROUPS - 1], OTHER]
        places = {name: place for place, name in enumerate(self.groups)}
        self._group_of_key = np.array([places.get(names[key], len(self.groups) - 1) for key in keys], dtype=np.int64)
        self._sum_buckets()
        return dict(zip(self.groups, self.characters, strict=True))

    def copies(self, plan: Mapping[str, GroupPlan]) -> Copies:
        """How often every document is to come, when the groups have been summed."""
        whole, cut = [], []
        for place, name in enumerate(self.groups):
            number, part = divmod(plan[name].epochs + 1e-12, 1.0)
            cut.append(bucket_below(self._sums[place], part * self.characters[place], is_needed=not number))
            whole.append(int(number))
            if not plan[name].characters:
                cut[-1] = 0
        return Copies(self._rows(), self._group_of_key, array("q", whole), array("q", cut))

    def _sum_buckets(self) -> None:
        count = len(self.groups)
        documents = np.zeros(count, dtype=np.int64)
        sums = np.zeros(count * BUCKETS, dtype=np.int64)
        for rows in self._blocks():
            groups = self._group_of_key[rows["key"]]
            np.add.at(documents, groups, 1)
            np.add.at(sums, groups * BUCKETS + rows["bucket"], rows["length"].astype(np.int64))
        self._sums = sums.reshape(count, BUCKETS)
        self.documents, self.characters = documents.tolist(), self._sums.sum(axis=1).tolist()

    def _rows(self) -> Any:
        self._write()
        if not self._path.stat().st_size:
            return np.empty(0, dtype=_ROW)
        return np.memmap(self._path, dtype=_ROW, mode="r")

    def _blocks(self) -> Any:
        rows = self._rows()
        return (rows[start : start + _BLOCK_ROWS] for start in range(0, len(rows), _BLOCK_ROWS))

    def _write(self) -> None:
        with naming_os_errors(self._path), self._path.open("ab") as file:
            np.array(self._buffer, dtype=_ROW).tofile(file)
        self._buffer.clear()


class Copies:
    """How often each document comes, by its number."""

    def __init__(self, rows: Any, group_of_key: Any, whole: array[int], cut: array[int]) -> None:
        self._rows, self._group_of_key, self._whole, self._cut = rows, group_of_key, whole, cut
        self.most = max((times + (below > 0) for times, below in zip(whole, cut, strict=True)), default=0)

    def __len__(self) -> int:
        return len(self._rows)

    def position(self, number: int) -> int:
        """Where the document stands in the spool."""
        return int(self._rows[number]["position"])

    def group(self, number: int) -> int:
        """The place of its group."""
        return int(self._group_of_key[self._rows[number]["key"]])

    def count(self, number: int) -> int:
        """How often it comes."""
        group = self.group(number)
        return self._whole[group] + (int(self._rows[number]["bucket"]) < self._cut[group])


def bucket_of(document_id: str, seed: int) -> int:
    """One of 4096 buckets, by a hash of the id."""
    return xxhash.xxh3_64_intdigest(document_id.encode("utf-8", "surrogatepass"), seed=seed ^ 0xB417) >> 52


def bucket_below(sums: Any, wanted: float, *, is_needed: bool) -> int:
    """The bucket below which documents are taken, so that their characters come nearest to ``wanted``.

    Args:
        sums: int64, characters by bucket.
        wanted: characters to take.
        is_needed: take one bucket at least: a group is not to vanish because its only document is too long.
    """
    reached = np.concatenate([[0], np.cumsum(sums)])
    best = int(np.argmin(np.abs(reached - wanted)))
    if best == 0 and is_needed and wanted > 0:
        return int(np.argmax(sums > 0)) + 1
    return best
