"""An answer that is asked for a kept chat is in it, whole or half, whoever leaves in the middle of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from samovar.serve.chats import Chats, Said
from samovar.serve.keys import KeyBook
from samovar.serve.settings import ServeSettings
from samovar.serve.store import Store
from tests.agent.scripted import call_text
from tests.serve.conftest import MODEL, Server
from tests.serve.test_cancellation import until

Start = Callable[..., Server]
TEXT = "A cat sat on the mat and looked at the river. " * 6
RESUMABLE = {"Samovar-Resumable": "1"}


@pytest.fixture
def chat(store: Store) -> str:
    return Chats(store).create("", [Said("user", "How much is 17*24?", {})]).id


def asked(chat: str, place: int = 1, **more: Any) -> dict[str, Any]:
    question = [{"role": "user", "content": "How much is 17*24?"}]
    body = {"model": MODEL, "messages": question, "stream": True, "samovar": {"chat": chat, "place": place}}
    return body | more


def said(store: Store, chat: str) -> list[tuple[str, dict[str, Any]]]:
    """What is in the chat after the question."""
    return [(one.content, one.more) for one in Chats(store).read("", chat)[1][1:]]


def leave_in_the_middle(server: Server, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
    """Read the first pieces of a stream, and close the connection."""
    with server.http.stream("POST", "/v1/chat/completions", json=body, headers=headers or {}) as response:
        assert response.status_code == 200, response.read()
        lines = response.iter_lines()
        for _ in range(24):
            next(lines)


@pytest.mark.parametrize("is_stream", [True, False])
def test_a_whole_answer_and_its_tools_are_there_when_its_end_is_told(
    start: Start, store: Store, chat: str, is_stream: bool
) -> None:
    assert start(store=store).post(asked(chat, stream=is_stream)).status_code == 200
    step = {"name": "calculator", "arguments": {"expression": "17*24"}, "result": "408"}
    assert said(store, chat) == [("It is 408.", {"model": MODEL, "steps": [step]})]


def test_half_an_answer_is_there_when_the_client_has_left(start: Start, store: Store, chat: str) -> None:
    server = start(lambda _: TEXT * 20, store=store, pause_s=0.01)
    leave_in_the_middle(server, asked(chat))
    until(lambda: said(store, chat))
    ((content, more),) = said(store, chat)
    assert content.startswith("A cat")
    assert (TEXT * 20).startswith(content)
    assert len(content) < len(TEXT) * 20
    assert more == {"model": MODEL, "notes": ["stopped"]}
    assert server.runner.num_live == 0


def test_a_stream_goes_on_to_its_end_without_a_reader(start: Start, store: Store, chat: str) -> None:
    server = start(lambda _: TEXT, store=store, pause_s=0.005)
    leave_in_the_middle(server, asked(chat), RESUMABLE)
    until(lambda: said(store, chat))
    ((content, more),) = said(store, chat)
    assert (content.strip(), more) == (TEXT.strip(), {"model": MODEL})


def test_what_was_made_until_a_reader_did_not_come_back_is_there(start: Start, store: Store, chat: str) -> None:
    server = start(lambda _: TEXT * 50, store=store, pause_s=0.01, settings=ServeSettings(resume_s=0.3))
    leave_in_the_middle(server, asked(chat), RESUMABLE)
    until(lambda: said(store, chat))
    ((content, more),) = said(store, chat)
    assert (TEXT * 50).startswith(content)
    assert more == {"model": MODEL, "notes": ["stopped"]}


def test_an_answer_that_takes_too_long_is_there_as_far_as_it_came(start: Start, store: Store, chat: str) -> None:
    server = start(lambda _: TEXT * 50, store=store, pause_s=0.01, settings=ServeSettings(request_timeout_s=0.5))
    assert "request_timeout" in server.post(asked(chat)).text
    until(lambda: said(store, chat))
    ((content, more),) = said(store, chat)
    assert (TEXT * 50).startswith(content)
    assert content
    assert more == {"model": MODEL, "notes": ["stopped"]}


def test_who_wrote_meanwhile_knows_better(start: Start, store: Store, chat: str) -> None:
    server = start(lambda _: TEXT, store=store, pause_s=0.005)
    with server.http.stream("POST", "/v1/chat/completions", json=asked(chat)) as response:
        pieces = response.iter_lines()
        next(pieces)
        Chats(store).write("", chat, [Said("assistant", "other", {}), Said("user", "Well?", {})], place=1)
        assert "data: [DONE]" in list(pieces)
    assert [content for content, _ in said(store, chat)] == ["other", "Well?"]


def test_another_answer_takes_the_place_of_the_first(start: Start, store: Store, chat: str) -> None:
    Chats(store).write("", chat, [Said("assistant", "407", {})], place=1)
    server = start(store=store)
    server.post(asked(chat))
    assert [content for content, _ in said(store, chat)] == ["It is 408."]
    server.post(asked(chat, place=2, max_tokens=2))
    assert [more.get("notes") for _, more in said(store, chat)] == [None, ["cut_short"]]


def test_an_answer_that_fails_is_noted(start: Start, store: Store, chat: str) -> None:
    def script(prompt: str) -> str:
        if "<tool_response>" in prompt:
            raise RuntimeError("broken")
        return "I count.\n" + call_text("2+2")

    start(script, store=store).post(asked(chat))
    until(lambda: said(store, chat))
    ((content, more),) = said(store, chat)
    assert content.strip() == "I count."
    assert more["notes"] == ["failed"]


def test_an_answer_that_is_refused_leaves_no_trace(start: Start, store: Store, chat: str) -> None:
    long = [{"role": "user", "content": "word " * 2000}]
    assert start(store=store).post(asked(chat, messages=long)).status_code == 400
    assert said(store, chat) == []


@pytest.mark.parametrize(
    ("chat_id", "place", "status", "param"),
    [("chat_none", 1, 404, None), ("own", 2, 400, "samovar.place"), ("own", -1, 400, "samovar.place")],
)
def test_a_place_that_is_not_there_is_refused(
    start: Start, store: Store, chat: str, chat_id: str, place: int, status: int, param: str | None
) -> None:
    server = start(store=store)
    refused = server.post(asked(chat if chat_id == "own" else chat_id, place))
    assert refused.status_code == status
    assert refused.json()["error"]["param"] == param
    assert server.runner.engine.prompts == []  # before the model has worked for it


def test_nobody_writes_into_the_chat_of_another(start: Start, store: Store, tmp_path: Path) -> None:
    keys = KeyBook(tmp_path / "keys.sqlite3")
    (anna, hers), (boris, _) = keys.create("anna"), keys.create("boris")
    chat = Chats(store).create(hers.id, [Said("user", "How much is 17*24?", {})]).id
    server = start(store=store, keys=keys)
    for key, status in ((boris, 404), (anna, 200)):
        assert server.post(asked(chat), headers={"Authorization": f"Bearer {key}"}).status_code == status
    assert [one.content for one in Chats(store).read(hers.id, chat)[1]][1:] == ["It is 408."]
    keys.close()


def test_a_server_that_keeps_nothing_says_so(shared: Server) -> None:
    refused = shared.post(asked("chat_1"))
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "samovar")
