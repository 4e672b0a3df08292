"""What is known of every document of a step that works in two passes, in files and not in memory."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from samovar.core.files import naming_os_errors
from samovar.data.document import Document

UNKNOWN_TIME = -math.inf
FACTS = np.dtype([("position", "<u8"), ("modified", "<f8"), ("length", "<u4")])
COPY = np.dtype([("kept", "<u4"), ("similarity", "<f4")])
_NOT_A_COPY = 2**32 - 1
_BUFFERED_ROWS = 4096


class Copy(NamedTuple):
    """That a document is a copy of the document ``kept``, by number, and how similar they are, from 0 to 1."""

    kept: int
    similarity: float


class Facts:
    """Where each document stands in the spool, when it was modified and how long it is: 20 bytes each, on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._buffer: list[tuple[int, float, int]] = []
        with naming_os_errors(path):
            path.write_bytes(b"")

    def add(self, document: Document, position: int) -> None:
        """The facts of the next document."""
        self._buffer.append((position, modified_time(document), len(document.text)))
        if len(self._buffer) == _BUFFERED_ROWS:
            self._write()

    def all(self) -> Any:
        """An array of ``FACTS`` over the file, mapped into memory."""
        self._write()
        if not self._path.stat().st_size:
            return np.empty(0, dtype=FACTS)
        return np.memmap(self._path, dtype=FACTS, mode="r")

    def _write(self) -> None:
        with naming_os_errors(self._path), self._path.open("ab") as file:
            np.array(self._buffer, dtype=FACTS).tofile(file)
        self._buffer.clear()


class Copies:
    """Which documents are copies, and of which: 8 bytes a document, on disk."""

    def __init__(self, path: Path, count: int) -> None:
        with naming_os_errors(path):
            self._rows: Any = np.memmap(path, dtype=COPY, mode="w+", shape=(max(1, count),))
        self._rows["kept"] = _NOT_A_COPY

    def mark(self, number: int, copy: Copy) -> None:
        """Say that the document ``number`` is a copy."""
        self._rows[number] = copy

    def get(self, number: int) -> Copy | None:
        """What ``mark`` said of the document; None for one that is no copy."""
        kept, similarity = self._rows[number].item()
        return None if kept == _NOT_A_COPY else Copy(kept, similarity)


def modified_time(document: Document) -> float:
    """When the document was last changed, in seconds since 1970, by its meta ``modified``, else ``date``.

    ISO 8601, the form of e-mail headers and plain seconds are understood; what is not is as old as can be.
    """
    for key in ("modified", "date"):
        if value := document.meta.get(key):
            time = _parsed_time(value)
            if time > UNKNOWN_TIME:
                return time
    return UNKNOWN_TIME


def _parsed_time(value: str) -> float:
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            time = parse(value.strip())
            return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError, IndexError, TypeError):
            continue
    try:
        seconds = float(value)
    except ValueError:
        return UNKNOWN_TIME
    return seconds if math.isfinite(seconds) else UNKNOWN_TIME
