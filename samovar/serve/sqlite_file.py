"""What the server's files in SQLite's format have in common: how long one waits for another, and what errors mean."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from samovar.core.errors import BusyError, CorruptError, ResourceError

WAIT_S = 10
"""For another process that writes."""


@contextmanager
def naming_sqlite_errors(path: Path, *, trouble: str = "cannot be used", hint: str) -> Iterator[None]:
    """SQLite's errors become ours.

    Args:
        path: the file.
        trouble: what is said of it when it is damaged, or something else.
        hint: what to do then.
    Raises:
        BusyError: another process wrote for longer than ``WAIT_S``.
        ResourceError: the disk is full.
        CorruptError: the file is damaged, or something else.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        # The low byte is the kind of error, whatever is told more exactly; errors of Python's own module have none.
        kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if kind == sqlite3.SQLITE_FULL:
            raise ResourceError(f"{path} cannot grow: the disk is full", hint="free some space") from error
        if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise BusyError(
                f"{path} is in use: another process has been writing to it for {WAIT_S} seconds",
                hint="try again in a moment",
            ) from error
        raise CorruptError(f"{path} {trouble}: {error}", hint=hint) from error
