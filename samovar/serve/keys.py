"""API keys: one SQLite file with their hashes, rights, limits and use. The keys themselves are nowhere.

A key is 32 random bytes, so that one round of SHA-256 is as good as many: there is no dictionary to try.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

from samovar.core.errors import ConfigError, CorruptError, MissingError
from samovar.core.files import naming_os_errors
from samovar.serve.sqlite_file import WAIT_S, naming_sqlite_errors

SCOPES = ("generate", "embed", "read", "metrics")
"""What a key may do: have texts made, have texts measured, look at models and documents, read /metrics."""
DEFAULT_SCOPES = ("generate", "embed", "read")
PREFIX = "sk-samovar-"
_SECRET_BYTES = 32
_SECONDS_OF_DAY = 86_400

_TABLES = """
CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, digest BLOB NOT NULL UNIQUE, scopes TEXT NOT NULL,
    requests_per_minute INTEGER, tokens_per_minute INTEGER, tokens_per_day INTEGER,
    created_s INTEGER NOT NULL, expires_s INTEGER, revoked_s INTEGER);
CREATE TABLE IF NOT EXISTS use (
    key_id TEXT NOT NULL REFERENCES keys(id), day INTEGER NOT NULL, requests INTEGER NOT NULL DEFAULT 0,
    prompt_tokens INTEGER NOT NULL DEFAULT 0, completion_tokens INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (key_id, day)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS held (
    number INTEGER PRIMARY KEY AUTOINCREMENT, key_id TEXT NOT NULL REFERENCES keys(id), tokens INTEGER NOT NULL,
    until_s REAL NOT NULL);
"""
_HELD = "SELECT coalesce(sum(tokens), 0) FROM held WHERE key_id = :key AND until_s > :now"
_SPENT = "SELECT coalesce(sum(prompt_tokens + completion_tokens), 0) FROM use WHERE key_id = :key AND day = :day"
_COLUMNS = "id, name, scopes, requests_per_minute, tokens_per_minute, tokens_per_day, created_s, expires_s, revoked_s"


@dataclass(frozen=True)
class Limits:
    """What a key may spend; None sets no limit."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    """Of prompts and answers together."""
    tokens_per_day: int | None = None
    """A day ends at midnight, UTC."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None and value < 1:
                raise ConfigError(f"{name} is {value}: a limit is 1 or more", hint="leave it out to set none")


@dataclass(frozen=True)
class Key:
    """What is known of a key."""

    id: str
    name: str
    scopes: tuple[str, ...]
    limits: Limits
    created_s: int
    """Seconds since 1970, as the next two; None: it does not expire, it is not revoked."""
    expires_s: int | None
    revoked_s: int | None

    @property
    def is_valid(self) -> bool:
        """Whether it opens anything now."""
        return self.revoked_s is None and (self.expires_s is None or time.time() < self.expires_s)


@dataclass(frozen=True)
class Use:
    """What was spent with a key."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Of prompts and answers together."""
        return self.prompt_tokens + self.completion_tokens


class KeyBook:
    """The keys in one file. The file is made when the first key is; a server sees every change at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None

    def has_keys(self) -> bool:
        """Whether any key was ever made: revoking the last one locks the door, it does not open it."""
        if not self.path.exists():
            return False
        with self._open() as connection:
            return connection.execute("SELECT 1 FROM keys LIMIT 1").fetchone() is not None

    def create(
        self,
        name: str,
        *,
        scopes: Iterable[str] = DEFAULT_SCOPES,
        limits: Limits | None = None,
        expires_s: int | None = None,
    ) -> tuple[str, Key]:
        """A new key, which is told here and never again, and what is known of it.

        Raises:
            ConfigError: the name is empty or that of another valid key, a scope is unknown, or it expires in the past.
        """
        chosen = tuple(dict.fromkeys(scopes))
        self._check(name, chosen, expires_s)
        secret = PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        key = Key(secrets.token_hex(4), name, chosen, limits or Limits(), int(time.time()), expires_s, None)
        with self._open(is_made=True) as connection:
            known = (key.id, name, " ".join(chosen), *astuple(key.limits), key.created_s, expires_s, None)
            connection.execute(
                f"INSERT INTO keys (digest, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (digest_of(secret), *known),
            )
        return secret, key

    def find(self, secret: str) -> Key | None:
        """The key of which ``secret`` is the text, valid or not; None for a stranger's."""
        if not self.path.exists():
            return None
        with self._open() as connection:
            row = connection.execute(f"SELECT {_COLUMNS} FROM keys WHERE digest = ?", (digest_of(secret),)).fetchone()
        return None if row is None else _key(row)

    def listed(self) -> list[tuple[Key, Use]]:
        """Every key and what was spent with it, oldest first."""
        if not self.path.exists():
            return []
        with self._open() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM keys ORDER BY created_s, rowid").fetchall()
            spent = connection.execute(
                "SELECT key_id, sum(requests), sum(prompt_tokens), sum(completion_tokens) FROM use GROUP BY key_id"
            )
            use = {key_id: Use(*sums) for key_id, *sums in spent}
        return [(key, use.get(key.id, Use())) for key in map(_key, rows)]

    def revoke(self, name: str) -> Key:
        """Revoke the valid key of this id or name, for good.

        Raises:
            MissingError: there is none.
        """
        found = next((key for key, _ in self.listed() if name in {key.id, key.name} and key.is_valid), None)
        if found is None:
            raise MissingError(f"there is no valid key {name!r}", hint="`samovar keys list DIR` names them")
        with self._open() as connection:
            connection.execute("UPDATE keys SET revoked_s = ? WHERE id = ?", (int(time.time()), found.id))
        return found

    def hold(self, key_id: str, tokens: int, *, most: int, longest_s: float) -> int | None:
        """Set ``tokens`` aside, in one step for all processes, if the key spent and set aside so few that they fit.

        Args:
            key_id: whose.
            tokens: how many.
            most: that the key may spend in a day.
            longest_s: after so long they are free again, were they never released.
        Returns:
            The number by which they are counted off and released; None: they do not fit.
        """
        now_s = time.time()
        with self._open() as connection:
            connection.execute("DELETE FROM held WHERE until_s <= ?", (now_s,))
            added = connection.execute(
                "INSERT INTO held (key_id, tokens, until_s) SELECT :key, :tokens, :until"
                f" WHERE ({_SPENT}) + ({_HELD}) + :tokens <= :most",
                {"key": key_id, "tokens": tokens, "until": now_s + longest_s, "now": now_s, "day": _today(),
                 "most": most},
            )  # fmt: skip
        return added.lastrowid if added.rowcount else None

    def held(self, key_id: str) -> int:
        """Tokens that are set aside for the key now."""
        with self._open() as connection:
            (tokens,) = connection.execute(_HELD, {"key": key_id, "now": time.time()}).fetchone()
        return int(tokens)

    def release(self, number: int) -> None:
        """Give back what is still set aside under ``number``."""
        with self._open() as connection:
            connection.execute("DELETE FROM held WHERE number = ?", (number,))

    def count(self, key_id: str, use: Use, *, number: int | None = None, held: int = 0) -> None:
        """Add ``use`` to what the key spent today; ``held`` tokens of it were set aside under ``number``."""
        with self._open() as connection:
            connection.execute(
                "INSERT INTO use VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " requests = requests + excluded.requests,"
                " prompt_tokens = prompt_tokens + excluded.prompt_tokens,"
                " completion_tokens = completion_tokens + excluded.completion_tokens",
                (key_id, _today(), use.requests, use.prompt_tokens, use.completion_tokens),
            )
            if number is not None:
                connection.execute("UPDATE held SET tokens = tokens - ? WHERE number = ?", (held, number))

    def spent_today(self, key_id: str) -> Use:
        """What the key spent since midnight, UTC."""
        with self._open() as connection:
            row = connection.execute(
                "SELECT requests, prompt_tokens, completion_tokens FROM use WHERE key_id = ? AND day = ?",
                (key_id, _today()),
            ).fetchone()
        return Use(*row) if row else Use()

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _check(self, name: str, scopes: tuple[str, ...], expires_s: int | None) -> None:
        if not name.strip() or not name.isprintable():
            raise ConfigError(f"the key's name is {name!r}", hint="name the person or program that will use it")
        if any(key.name == name and key.is_valid for key, _ in self.listed()):
            raise ConfigError(f"there is a key {name!r} already", hint="revoke it first, or choose another name")
        if unknown := [scope for scope in scopes if scope not in SCOPES]:
            raise ConfigError(f"there is no scope {unknown[0]!r}", hint=f"scopes are {', '.join(SCOPES)}")
        if not scopes:
            raise ConfigError("the key has no scope: it would open nothing", hint=f"scopes are {', '.join(SCOPES)}")
        if expires_s is not None and expires_s <= time.time():
            raise ConfigError("the key would have expired already", hint="choose a later time")

    @contextmanager
    def _open(self, *, is_made: bool = False) -> Iterator[sqlite3.Connection]:
        """The connection, in a transaction of its own."""
        if self._connection is None:
            self._connection = self._connect(is_made)
        try:
            with naming_sqlite_errors(self.path, hint="restore it, or make new keys"), self._connection:
                yield self._connection
        except CorruptError:
            self.close()
            raise

    def _connect(self, is_made: bool) -> sqlite3.Connection:
        with naming_os_errors(self.path):
            if is_made:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))  # nobody else reads who has keys
        # One thread at a time uses it: the server's event loop, or a command.
        connection = sqlite3.connect(self.path, timeout=WAIT_S, check_same_thread=False)
        try:
            with naming_sqlite_errors(self.path, trouble="is no file of keys", hint="choose another with --keys"):
                # A write then costs no wait for the disk: a power cut may lose the last counts, and never the file.
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.executescript(_TABLES)
        except BaseException:
            connection.close()
            raise
        return connection


def _key(row: tuple[object, ...]) -> Key:
    key_id, name, scopes, requests, tokens, tokens_a_day, *times = row
    return Key(key_id, name, tuple(str(scopes).split()), Limits(requests, tokens, tokens_a_day), *times)  # type: ignore[arg-type]


def digest_of(secret: str) -> bytes:
    """What stands for a key; all are of one length, so that comparing two tells nothing of the keys."""
    return hashlib.sha256(secret.encode()).digest()


def _today() -> int:
    return int(time.time()) // _SECONDS_OF_DAY
