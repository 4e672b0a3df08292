"""One SQLite file for what people asked the server to keep: chats with their votes, and responses to go on from.

What a call returns from is on the disk: a process killed at any moment, or a power cut, leaves every acknowledged word
(WAL with synchronous = FULL; https://sqlite.org/pragma.html#pragma_synchronous). The file is for its owner alone.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from samovar.core.errors import ConfigError
from samovar.core.files import naming_os_errors
from samovar.serve.sqlite_file import WAIT_S, naming_sqlite_errors

VERSION = 3
"""Of the tables; ``PRAGMA user_version`` has it."""
_HINT = "restore it or move it away; serve.keep_chats: false does without"

_TABLES = """
CREATE TABLE IF NOT EXISTS chats (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, sought TEXT NOT NULL,
    created_s INTEGER NOT NULL, changed_s REAL NOT NULL);
CREATE INDEX IF NOT EXISTS chats_of ON chats (owner, changed_s DESC, id);
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY, chat_id TEXT NOT NULL REFERENCES chats(id) ON DELETE CASCADE, place INTEGER NOT NULL,
    role TEXT NOT NULL, content TEXT NOT NULL, more TEXT NOT NULL, created_s INTEGER NOT NULL, UNIQUE (chat_id, place));
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(sought);
CREATE TRIGGER IF NOT EXISTS message_goes AFTER DELETE ON messages BEGIN
    DELETE FROM words WHERE rowid = old.number; END;
CREATE TABLE IF NOT EXISTS votes (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, chat_id TEXT NOT NULL REFERENCES chats(id) ON DELETE CASCADE,
    place INTEGER NOT NULL, answer TEXT, verdict TEXT NOT NULL, row TEXT NOT NULL, created_s REAL NOT NULL,
    review TEXT NOT NULL DEFAULT 'new');
CREATE INDEX IF NOT EXISTS votes_on ON votes (chat_id, place);
CREATE TABLE IF NOT EXISTS responses (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, previous TEXT, created_s INTEGER NOT NULL, turn TEXT NOT NULL,
    told TEXT NOT NULL, num_input INTEGER, used_s REAL NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS responses_by_use ON responses (used_s);
CREATE INDEX IF NOT EXISTS responses_of ON responses (owner, used_s DESC, created_s DESC);
"""
_FROM_VERSION_1 = """
ALTER TABLE responses ADD COLUMN num_input INTEGER;
ALTER TABLE responses ADD COLUMN used_s REAL NOT NULL DEFAULT 0;
UPDATE responses SET used_s = created_s;
"""


class Store:
    """The file; any thread may use it, one at a time."""

    def __init__(self, path: Path) -> None:
        """Open ``path``, or make it.

        Raises:
            ConfigError: it is of a later version of this program.
            BusyError: another process writes it for too long.
            CorruptError: it is something else, or damaged.
            ResourceError: it cannot be written.
        """
        self.path = path
        self._lock = threading.Lock()
        with naming_os_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._connection = sqlite3.connect(path, timeout=WAIT_S, check_same_thread=False)
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The connection; what is written in the block is kept when the block ends, or none of it.

        Raises:
            BusyError: another process writes it for too long.
            CorruptError: the file is damaged, or the disk is full.
        """
        with self._lock, naming_sqlite_errors(self.path, hint=_HINT), self._connection:
            yield self._connection

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _prepare(self) -> None:
        with naming_sqlite_errors(self.path, hint=_HINT):
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            if version > VERSION:
                raise ConfigError(
                    f"{self.path} is of version {version}, and this program knows {VERSION}",
                    hint="use the newer program, or set serve.keep_chats to false",
                )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            # What is deleted is overwritten, and not only forgotten.
            self._connection.execute("PRAGMA secure_delete = ON")
            changes = (_FROM_VERSION_1 if version == 1 else "") + _TABLES
            self._connection.executescript(f"BEGIN IMMEDIATE; {changes} PRAGMA user_version = {VERSION}; COMMIT;")
