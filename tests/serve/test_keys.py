"""The file of keys: what it keeps, what it refuses, and that it is whole after anything."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from samovar.core.errors import BusyError, ConfigError, CorruptError, MissingError
from samovar.serve import keys
from samovar.serve.buckets import Bucket
from samovar.serve.keys import PREFIX, KeyBook, Limits, Use


@pytest.fixture
def book(tmp_path: Path) -> KeyBook:
    return KeyBook(tmp_path / "state" / "keys.sqlite3")


def test_there_is_no_file_before_the_first_key(book: KeyBook) -> None:
    assert not book.has_keys()
    assert book.listed() == []
    assert book.find("sk-samovar-any") is None
    assert not book.path.parent.exists()


def test_a_key_is_found_by_its_text_and_by_no_other(book: KeyBook) -> None:
    secret, made = book.create("desk", limits=Limits(requests_per_minute=5), scopes=["generate", "metrics"])
    other, _ = book.create("other")
    assert secret.startswith(PREFIX)
    assert len(secret) > len(PREFIX) + 40
    found = KeyBook(book.path).find(secret)
    assert found == made
    assert found is not None
    assert (found.name, found.scopes, found.limits.requests_per_minute) == ("desk", ("generate", "metrics"), 5)
    assert book.find(secret[:-1]) is None
    assert other != secret


def test_the_key_is_nowhere_in_the_file_and_nobody_else_may_read_it(book: KeyBook) -> None:
    secret, _ = book.create("desk")
    book.close()
    for path in book.path.parent.iterdir():
        assert secret.removeprefix(PREFIX).encode() not in path.read_bytes()
    assert book.path.stat().st_mode & 0o077 == 0


def test_a_revoked_key_is_not_valid_and_the_door_stays_locked(book: KeyBook) -> None:
    secret, made = book.create("desk")
    assert book.revoke("desk").id == made.id
    found = book.find(secret)
    assert found is not None
    assert not found.is_valid
    assert book.has_keys()
    with pytest.raises(MissingError, match="no valid key 'desk'"):
        book.revoke("desk")
    book.create("desk")  # the name is free again


def test_a_key_expires(book: KeyBook, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, made = book.create("guest", expires_s=int(time.time()) + 60)
    assert made.is_valid
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    found = book.find(secret)
    assert found is not None
    assert not found.is_valid


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"name": " "}, "the key's name"),
        ({"name": "a\nb"}, "the key's name"),
        ({"name": "taken"}, "a key 'taken' already"),
        ({"name": "x", "scopes": ["everything"]}, "no scope 'everything'"),
        ({"name": "x", "scopes": []}, "no scope"),
        ({"name": "x", "expires_s": 5}, "expired already"),
    ],
)
def test_what_cannot_be_a_key_is_refused(book: KeyBook, options: dict[str, object], told: str) -> None:
    book.create("taken")
    with pytest.raises(ConfigError, match=told):
        book.create(**options)  # type: ignore[arg-type]
    assert len(book.listed()) == 1


def test_a_limit_is_one_or_more() -> None:
    with pytest.raises(ConfigError, match="tokens_per_day is 0"):
        Limits(tokens_per_day=0)


def test_use_adds_up_by_day(book: KeyBook, monkeypatch: pytest.MonkeyPatch) -> None:
    _, key = book.create("desk")
    book.count(key.id, Use(requests=1))
    book.count(key.id, Use(prompt_tokens=10, completion_tokens=3))
    assert book.spent_today(key.id) == Use(1, 10, 3)
    tomorrow = time.time() + 86_400
    monkeypatch.setattr(time, "time", lambda: tomorrow)
    assert book.spent_today(key.id) == Use()
    book.count(key.id, Use(requests=1, prompt_tokens=1))
    assert [(one.name, use) for one, use in book.listed()] == [("desk", Use(2, 11, 3))]
    assert book.listed()[0][1].tokens == 14


def test_a_file_of_something_else_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "keys.sqlite3"
    path.write_bytes(b"not a database at all, but long enough to be looked at" * 100)
    with pytest.raises(CorruptError, match="no file of keys"):
        KeyBook(path).has_keys()


def test_a_file_that_another_process_writes_is_busy_and_not_damaged(
    book: KeyBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "WAIT_S", 0)
    _, key = book.create("desk")
    with closing(sqlite3.connect(book.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        for waiting in (book, KeyBook(book.path)):  # open already, and yet to be
            with pytest.raises(BusyError, match="is in use"):
                waiting.count(key.id, Use(requests=1))
    for waiting in (book, KeyBook(book.path)):
        waiting.count(key.id, Use(requests=1))
    assert book.spent_today(key.id).requests == 2


def test_nothing_written_is_lost_when_the_process_is_killed(book: KeyBook) -> None:
    """Kill -9 amid the counting: the file opens, and has what was counted before."""
    _, key = book.create("desk")
    book.close()
    code = (
        "import sys; from pathlib import Path; from samovar.serve.keys import KeyBook, Use\n"
        "book = KeyBook(Path(sys.argv[1]))\n"
        "while True:\n    book.count(sys.argv[2], Use(requests=1)); print('counted', flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(book.path), key.id], stdout=subprocess.PIPE) as counting:
        assert counting.stdout is not None
        told = [counting.stdout.readline() for _ in range(20)]
        os.kill(counting.pid, signal.SIGKILL)
        told += counting.stdout.readlines()
    counted = book.spent_today(key.id).requests
    assert counted in {len(told), len(told) + 1}  # the last may be counted and not told


def test_a_bucket_fills_with_time() -> None:
    now = [0.0]
    bucket = Bucket(60, clock=lambda: now[0])
    bucket.take(60)
    assert bucket.seconds_until(1) == 1.0
    now[0] = 2.5
    assert bucket.level == 2.5
    bucket.take(32.5)  # an answer may cost more than there is
    assert bucket.seconds_until(1) == 31.0
    now[0] = 1000.0
    assert bucket.level == 60
