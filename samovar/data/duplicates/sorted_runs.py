"""Pairs of a key and a document's number, sorted on disk in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from samovar.core.files import naming_os_errors

RECORD = np.dtype([("key", "<u8"), ("number", "<u4")])
MAX_DOCUMENTS = 2**32 - 1
_RUN_RECORDS = 1 << 17
_MERGED_RECORDS = 1 << 20
_LEAST_CHUNK_RECORDS = 64


class Block(NamedTuple):
    """Records in the order of their keys; equal keys may go on in the next block."""

    keys: Any
    numbers: Any


class SortedRuns:
    """Takes pairs in any order and gives them back in the order of their keys.

    A full buffer (1.5 MB) is sorted and appended to one file of 12 bytes a pair; the runs there are merged a chunk at
    a time. All chunks together have a million pairs, about 60 MB with their copies while they are sorted, but at least
    64 of each run: memory does not grow until there are two billion pairs.
    """

    def __init__(self, path: Path, *, run_records: int = _RUN_RECORDS) -> None:
        self._path = path
        self._buffer = np.empty(run_records, dtype=RECORD)
        self._filled = 0
        self._runs: list[tuple[int, int]] = []
        """First record and end of each run in the file."""
        with naming_os_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")

    def add(self, keys: Any, numbers: Any) -> None:
        """Take arrays of equal length."""
        done = 0
        while done < len(keys):
            taken = min(len(keys) - done, self._buffer.size - self._filled)
            free = self._buffer[self._filled : self._filled + taken]
            free["key"] = keys[done : done + taken]
            free["number"] = numbers[done : done + taken]
            self._filled += taken
            done += taken
            if self._filled == self._buffer.size:
                self._write_run()

    def blocks(self) -> Iterator[Block]:
        """All pairs, sorted by key, a block at a time; the file goes when the last is given."""
        self._write_run()
        yield from self._merged()
        self._path.unlink(missing_ok=True)

    def _write_run(self) -> None:
        if not self._filled:
            return
        filled = self._buffer[: self._filled]
        start = self._runs[-1][1] if self._runs else 0
        with naming_os_errors(self._path), self._path.open("ab") as file:
            filled[np.argsort(filled["key"], kind="stable")].tofile(file)
        self._runs.append((start, start + self._filled))
        self._filled = 0

    def _merged(self) -> Iterator[Block]:
        chunk_records = max(_LEAST_CHUNK_RECORDS, _MERGED_RECORDS // max(1, len(self._runs)))
        with self._path.open("rb") as file:
            runs = [_Run(file, start, end, chunk_records) for start, end in self._runs]
            while runs:
                # Whatever is not above the least last key of the chunks in memory cannot come later.
                limit = min(run.last_key for run in runs)
                taken = np.concatenate([run.take_until(limit) for run in runs])
                taken = taken[np.argsort(taken["key"], kind="stable")]
                yield Block(np.ascontiguousarray(taken["key"]), np.ascontiguousarray(taken["number"]))
                runs = [run for run in runs if not run.is_empty]


class _Run:
    """One sorted run of the file, read a chunk at a time."""

    def __init__(self, file: Any, start: int, end: int, chunk_records: int) -> None:
        self._file = file
        self._next, self._end = start, end
        self._chunk_records = chunk_records
        self._chunk: Any = None
        self._read()

    @property
    def is_empty(self) -> bool:
        return bool(self._chunk.size == 0)

    @property
    def last_key(self) -> int:
        return int(self._chunk["key"][-1])

    def take_until(self, limit: int) -> Any:
        """The records of the chunk whose keys are not above ``limit``; reads on when that is all of it."""
        count = int(self._chunk["key"].searchsorted(np.uint64(limit), side="right"))
        taken, self._chunk = self._chunk[:count], self._chunk[count:]
        if self.is_empty:
            self._read()
        return taken

    def _read(self) -> None:
        count = min(self._chunk_records, self._end - self._next)
        self._file.seek(self._next * RECORD.itemsize)
        self._chunk = np.fromfile(self._file, dtype=RECORD, count=count)
        self._next += count
