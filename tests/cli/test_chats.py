"""`samovar chats` as a person types it: what is kept for whom, given to another key, deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from samovar.chat.conversation import Message
from samovar.core.errors import RequestError
from samovar.serve.chats import Chats, Said
from samovar.serve.kept_responses import KeptResponses
from samovar.serve.keys import KeyBook
from samovar.serve.server import chats_file_in, keys_file_in
from samovar.serve.store import Store
from tests.cli.conftest import Samovar


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[KeyBook]:
    keys = KeyBook(keys_file_in(tmp_path))
    yield keys
    keys.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Open all the while, as by a server that runs."""
    store = Store(chats_file_in(tmp_path))
    yield store
    store.close()


def say(store: Store, owner: str, content: str = "secret") -> str:
    return Chats(store).create(owner, [Said("user", content, {})]).id


def test_a_revoked_keys_chats_are_seen_by_the_key_they_are_given_to(
    samovar: Samovar, tmp_path: Path, keys: KeyBook, store: Store
) -> None:
    old = keys.create("anna")[1]
    chat = say(store, old.id)
    KeptResponses(store).keep(old.id, {"id": "resp_1"}, [Message(role="user", content="Hi")], [], previous=None)
    revoked = samovar("keys", "revoke", tmp_path, "anna")
    assert f"samovar chats list {tmp_path}" in revoked.err
    new = keys.create("anna")[1]  # her next key may have the same name
    listed = samovar("chats", tmp_path)
    assert listed.code == 0, listed.err
    assert all(word in listed.out for word in (old.id, "anna", "revoked"))
    assert "secret" not in listed.out + listed.err
    given = samovar("chats", "give", tmp_path, "anna", "anna")
    assert given.code == 0, given.err
    assert "1 chat and 1 response of anna now belong to the key " + new.id in given.err
    assert Chats(store).read(new.id, chat)[1][0].content == "secret"
    assert KeptResponses(store).read(new.id, "resp_1")
    with pytest.raises(RequestError):
        Chats(store).read(old.id, chat)


def test_what_is_deleted_is_gone(samovar: Samovar, tmp_path: Path, keys: KeyBook, store: Store) -> None:
    anna, boris = keys.create("anna")[1], keys.create("boris")[1]
    for key in (anna, anna, boris):
        say(store, key.id)
    tried = samovar("chats", "delete", tmp_path, anna.id, "--dry-run")
    assert "2 chats and 0 responses of" in tried.err
    assert len(Chats(store).listed(anna.id)) == 2
    assert samovar("chats", "delete", tmp_path, anna.id).code == 0
    assert (Chats(store).listed(anna.id), len(Chats(store).listed(boris.id))) == ([], 1)
    with store.transaction() as connection:
        for table in ("chats", "messages", "words"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,), table


def test_chats_from_before_there_were_keys(samovar: Samovar, tmp_path: Path, keys: KeyBook, store: Store) -> None:
    say(store, "")
    key = keys.create("anna")[1]
    (told,) = json.loads(samovar("chats", "list", tmp_path, "--json").out)
    assert (told["owner"], told["name"], told["num_chats"]) == ("", "nobody", 1)
    assert samovar("chats", "give", tmp_path, "nobody", "anna").code == 0
    assert len(Chats(store).listed(key.id)) == 1


def test_files_elsewhere(samovar: Samovar, tmp_path: Path) -> None:
    files = ["--keys", tmp_path / "k", "--chats", tmp_path / "c"]
    key = KeyBook(tmp_path / "k").create("anna")[1]
    store = Store(tmp_path / "c")
    say(store, key.id)
    store.close()
    assert "anna" in samovar("chats", "list", tmp_path, *files).out
    assert samovar("chats", "delete", tmp_path, "anna", *files).code == 0
    assert "nothing is kept" in samovar("chats", "list", tmp_path, *files).err


def test_what_is_wrong_is_said(samovar: Samovar, tmp_path: Path, keys: KeyBook) -> None:
    assert "no chats are kept in" in samovar("chats", tmp_path).err
    store = Store(chats_file_in(tmp_path))
    first = keys.create("anna")[1]
    keys.revoke("anna")
    second = keys.create("anna")[1]
    for owner in (first.id, second.id):
        say(store, owner)
    store.close()
    for words, told in (
        (["delete", tmp_path, "anna"], f"{first.id}, {second.id}"),
        (["delete", tmp_path, "ghost"], "no key 'ghost'"),
        (["give", tmp_path, second.id, first.id], "no valid key"),
    ):
        ran = samovar("chats", *words)
        assert (ran.code, ran.out) == (1, "")
        assert told in ran.err
        assert "hint: " in ran.err
