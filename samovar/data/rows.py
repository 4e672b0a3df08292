"""Rows of JSON on disk, each reached by its number without reading the others."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from samovar.core.errors import CorruptError, MissingError
from samovar.core.files import naming_os_errors


class RowWriter:
    """Writes ``<stem>.jsonl``, a row a line, and ``<stem>.ends``, an int64 a row: the byte where it ends."""

    def __init__(self, stem: Path) -> None:
        self._stem = stem
        self._end = 0
        with naming_os_errors(stem):
            self._rows = _beside(stem, ".jsonl").open("wb")
            self._ends = _beside(stem, ".ends").open("wb")

    def add(self, row: Any) -> None:
        """Write one more row."""
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
        self._end += len(line)
        with naming_os_errors(self._stem):
            self._rows.write(line)
            self._ends.write(self._end.to_bytes(8, "little"))

    def __enter__(self) -> RowWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with naming_os_errors(self._stem):
            self._rows.close()
            self._ends.close()


class Rows:
    """The rows that a ``RowWriter`` wrote, mapped into memory.

    Raises:
        MissingError: there are none at ``stem``.
    """

    def __init__(self, stem: Path) -> None:
        self._path = _beside(stem, ".jsonl")
        _check_there(self._path)
        self._ends = map_numbers(_beside(stem, ".ends"), np.int64)

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, number: int) -> Any:
        """The row of this number.

        Raises:
            CorruptError: the files do not fit together.
        """
        if not 0 <= number < len(self):
            raise IndexError(number)
        start = int(self._ends[number - 1]) if number else 0
        with self._path.open("rb") as file:
            file.seek(start)
            line = file.read(int(self._ends[number]) - start)
        try:
            return json.loads(line)
        except ValueError as error:
            raise CorruptError(
                f"{self._path} is damaged at byte {start}", hint="delete its folder and make it again"
            ) from error


def map_numbers(path: Path, dtype: Any) -> np.ndarray:
    """The numbers in the flat file ``path``, mapped into memory; an empty file is an empty array.

    Raises:
        MissingError: it does not exist.
    """
    _check_there(path)
    if path.stat().st_size == 0:
        return np.empty(0, dtype=dtype)
    return np.memmap(path, dtype=dtype, mode="r")


def _check_there(path: Path) -> None:
    if not path.is_file():
        raise MissingError(f"{path} does not exist", hint="make it again with the command that made its folder")


def _beside(stem: Path, suffix: str) -> Path:
    return stem.with_name(stem.name + suffix)
