"""Chats that the server keeps: written, found again, renamed, forgotten, each by its owner alone."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from samovar.core.errors import BusyError, ConfigError, CorruptError, RequestError, ResourceError
from samovar.serve import store as store_file
from samovar.serve.chats import Chats, Said, title_of
from samovar.serve.keys import KeyBook
from samovar.serve.sqlite_file import naming_sqlite_errors
from samovar.serve.store import Store
from tests.serve.conftest import Server


def asks(content: str) -> Said:
    return Said("user", content, {})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / ".samovar" / "chats.sqlite3")
    yield store
    store.close()


@pytest.fixture
def chats(store: Store) -> Chats:
    return Chats(store)


def test_what_is_written_is_read_after_the_file_was_closed(tmp_path: Path) -> None:
    path = tmp_path / "chats.sqlite3"
    first = Store(path)
    made = Chats(first).create("", [asks("Hi\x00 «привет» 🫖"), Said("assistant", "", {"notes": ["stopped"]})])
    first.close()
    again = Store(path)
    outline, messages = Chats(again).read("", made.id)
    again.close()
    assert outline == made
    assert [(one.role, one.content, one.more) for one in messages] == [
        ("user", "Hi\x00 «привет» 🫖", {}),
        ("assistant", "", {"notes": ["stopped"]}),
    ]
    assert path.stat().st_mode & 0o077 == 0  # nobody else reads it


def test_a_place_says_what_is_replaced_and_twice_is_as_once(chats: Chats) -> None:
    made = chats.create("", [asks("one"), Said("assistant", "two", {})])
    for _ in range(2):
        assert chats.write("", made.id, [Said("assistant", "other", {}), asks("three")], place=1).num_messages == 3
    assert chats.write("", made.id, [Said("assistant", "four", {})]).num_messages == 4
    assert [one.content for one in chats.read("", made.id)[1]] == ["one", "other", "three", "four"]
    with pytest.raises(RequestError, match="has 4 messages, and none can be put at place 6"):
        chats.write("", made.id, [asks("late")], place=6)


def test_a_chat_that_cannot_be_written_whole_is_not_written_at_all(chats: Chats, store: Store) -> None:
    made = chats.create("", [asks("one")])
    with pytest.raises(UnicodeEncodeError):
        chats.write("", made.id, [asks("fine"), asks("\ud800")], place=0)
    assert [one.content for one in chats.read("", made.id)[1]] == ["one"]
    with store.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM words").fetchone() == (1,)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("самовар", ["tea"]),  # another form of the word: its beginning is enough
        ("САМОВАР пыхт", ["tea"]),
        ("ежик", ["tea"]),  # ё as е
        ("самовар cat", []),  # in two chats, and in no one message
        ("river", ["cat"]),
        ("quiet walk", ["cat"]),  # in the title
        ("alk", []),  # the middle of a word is no beginning
        ("cat_", ["cat"]),
        ('"', []),
        ("%", []),
        ("NEAR( * OR", []),
    ],
)
def test_words_are_found_in_messages_and_titles(chats: Chats, words: str, found: list[str]) -> None:
    tea = chats.create("", [asks("Чай?"), Said("assistant", "Самовары пыхтят, а ёжики спят.", {})])
    cat = chats.create("", [asks("A cat sat by the river.")], title="Quiet walks")
    chats.create("other", [asks("Самовар river cat ежик quiet walk")])
    names = {tea.id: "tea", cat.id: "cat"}
    assert [names[one.id] for one in chats.listed("", words=words)] == found


def test_what_is_found_is_shown_about_the_word(chats: Chats) -> None:
    chats.create("", [asks("one " * 50 + "самовара " + "two " * 50)])
    (found,) = chats.listed("", words="самовар")
    assert found.excerpt is not None
    assert "самовара" in found.excerpt
    assert found.excerpt.startswith("…")
    assert len(found.excerpt) < 100


def test_words_of_what_is_gone_are_not_found(chats: Chats, store: Store) -> None:
    made = chats.create("", [asks("samovar"), asks("teapot")])
    chats.write("", made.id, [asks("kettle")], place=1)
    assert not chats.listed("", words="teapot")
    assert chats.listed("", words="kettle")
    chats.delete("", made.id)
    assert not chats.listed("", words="samovar")
    assert b"samovar" not in store.path.read_bytes() + Path(f"{store.path}-wal").read_bytes()[-4096:]
    with store.transaction() as connection:
        for table in ("chats", "messages", "words"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_the_list_is_in_the_order_of_change_and_goes_on(chats: Chats) -> None:
    ids = [chats.create("", [asks(f"chat {number}")]).id for number in range(5)]
    chats.write("", ids[1], [asks("more")])
    expected = [ids[1], ids[4], ids[3], ids[2], ids[0]]
    first = chats.listed("", limit=2)
    rest = chats.listed("", before_s=first[-1].changed_s)
    assert [one.id for one in [*first, *rest]] == expected


def test_a_title_is_the_beginning_of_what_is_asked_first() -> None:
    assert title_of([Said("assistant", "Hello", {}), asks("  Who\nare   you? ")]) == "Who are you?"
    assert title_of([asks("word " * 40)]) == "word " * 11 + "word…"
    assert title_of([asks("w" * 100)]) == "w" * 60 + "…"
    assert title_of([]) == ""


def test_a_file_that_another_process_writes_is_busy_and_not_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_file, "WAIT_S", 0)
    path = tmp_path / "chats.sqlite3"
    with closing(Store(path)) as store:
        with closing(sqlite3.connect(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(BusyError, match="is in use"):
                Chats(store).create("", [asks("Hi")])
            with pytest.raises(BusyError, match="is in use"):
                Store(path)
        assert Chats(store).create("", [asks("Hi")]).num_messages == 1


def test_a_full_disk_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "full.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE said (text TEXT)")
        connection.execute("PRAGMA max_page_count = 2")
        with (
            pytest.raises(ResourceError, match="disk is full"),
            naming_sqlite_errors(path, hint="bring it back from a copy"),
        ):
            connection.execute("INSERT INTO said VALUES (?)", ("x" * 100_000,))


def test_a_file_that_is_something_else_or_from_the_future_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("no database at all, but longer than a header of one would be " * 20)
    with pytest.raises(CorruptError, match="cannot be used"):
        Store(other)
    later = tmp_path / "later"
    with sqlite3.connect(later) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ConfigError, match="version 99"):
        Store(later)


def test_the_api_from_the_first_message_to_the_last(start: Callable[..., Server], store: Store) -> None:
    http = start(store=store).http
    step = {"name": "calculator", "arguments": {"expression": "17*24"}, "result": "408"}
    made = http.post("/api/chats", json={"messages": [{"role": "user", "content": "How much is 17*24?"}]}).json()
    assert (made["title"], made["num_messages"]) == ("How much is 17*24?", 1)
    answer = {"role": "assistant", "content": "It is 408.", "steps": [step], "notes": ["forgot"]}
    address = f"/api/chats/{made['id']}"
    assert http.post(f"{address}/messages", json={"messages": [answer], "place": 1}).json()["num_messages"] == 2
    told = http.get(address).json()
    assert {name: told["messages"][1][name] for name in answer} == answer
    assert http.patch(address, json={"title": "Sums"}).json()["title"] == "Sums"
    listed = http.get("/api/chats", params={"search": "408", "limit": 1}).json()
    assert [(one["title"], one["excerpt"]) for one in listed["data"]] == [("Sums", "It is 408.")]
    assert listed["has_more"] is False
    assert http.delete(address).json() == {"id": made["id"], "object": "chat.deleted", "deleted": True}
    assert http.get(address).json()["error"]["code"] == "chat_not_found"
    assert http.delete(address).status_code == 404


@pytest.mark.parametrize(
    ("method", "address", "body", "param"),
    [
        ("POST", "/api/chats", {"messages": [{"role": "system", "content": "x"}]}, "messages[0].role"),
        ("POST", "/api/chats", {"titel": "x"}, "titel"),
        ("POST", "/api/chats", {"title": ""}, "title"),
        ("GET", "/api/chats?limit=0", None, "limit"),
        ("GET", "/api/chats?before=nan", None, "before"),
    ],
)
def test_what_is_wrong_is_named(
    start: Callable[..., Server], store: Store, method: str, address: str, body: Any, param: str
) -> None:
    reply = start(store=store).http.request(method, address, json=body)
    assert reply.status_code == 400
    assert reply.json()["error"]["param"] == param


def test_half_a_surrogate_pair_is_refused(start: Callable[..., Server], store: Store) -> None:
    content = b'{"messages": [{"role": "user", "content": "\\ud800"}]}'
    reply = start(store=store).http.post("/api/chats", content=content, headers={"Content-Type": "application/json"})
    assert reply.status_code == 400
    assert "surrogate" in reply.json()["error"]["message"]


def test_half_a_surrogate_pair_among_the_arguments_of_a_call_is_read_again(
    start: Callable[..., Server], store: Store
) -> None:
    http, step = start(store=store).http, {"name": "calculator", "arguments": {"expression": "\ud800"}, "result": "?"}
    content = json.dumps({"messages": [{"role": "assistant", "content": "x", "steps": [step]}]}).encode()
    made = http.post("/api/chats", content=content, headers={"Content-Type": "application/json"}).json()
    assert json.loads(http.get(f"/api/chats/{made['id']}").content)["messages"][0]["steps"] == [step]


def test_everybody_sees_their_own_chats_alone(start: Callable[..., Server], store: Store, tmp_path: Path) -> None:
    keys = KeyBook(tmp_path / "keys.sqlite3")
    anna, boris = keys.create("anna")[0], keys.create("boris")[0]
    reader = keys.create("reader", scopes=["read"])[0]
    server = start(store=store, keys=keys, api_key="master")

    def ask(key: str, method: str, address: str, body: Any = None) -> httpx.Response:
        return server.http.request(method, address, json=body, headers={"Authorization": f"Bearer {key}"})

    made = ask(anna, "POST", "/api/chats", {"messages": [{"role": "user", "content": "secret"}]}).json()
    address = f"/api/chats/{made['id']}"
    assert server.http.get("/api/chats").status_code == 401
    assert server.http.get(address).status_code == 401
    for other in (boris, "master"):
        assert ask(other, "GET", "/api/chats?search=secret").json()["data"] == []
        for method, body in (("GET", None), ("DELETE", None), ("PATCH", {"title": "x"})):
            assert ask(other, method, address, body).status_code == 404
        more = {"messages": [{"role": "user", "content": "x"}]}
        assert ask(other, "POST", f"{address}/messages", more).status_code == 404
    assert ask(reader, "GET", "/api/chats").json()["data"] == []
    assert ask(reader, "POST", "/api/chats", {}).status_code == 403
    assert ask(anna, "GET", address).json()["messages"][0]["content"] == "secret"
    keys.close()


def test_keeping_words_takes_nothing_of_a_keys_limits(
    start: Callable[..., Server], store: Store, tmp_path: Path
) -> None:
    from samovar.serve.keys import Limits

    keys = KeyBook(tmp_path / "keys.sqlite3")
    key = keys.create("anna", limits=Limits(requests_per_minute=1))[0]
    server = start(store=store, keys=keys)
    for _ in range(3):
        kept = server.http.post("/api/chats", json={}, headers={"Authorization": f"Bearer {key}"})
        assert kept.status_code == 200
    keys.close()


def test_a_server_that_keeps_nothing_has_no_such_address(shared: Server) -> None:
    assert shared.http.get("/api/chats").status_code == 404
    assert shared.http.post("/api/chats", json={}).status_code == 404
