"""Responses that are kept: for how long, how many, and what was asked for them, as the official client reads it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openai
import pytest

from samovar.chat.conversation import Message
from samovar.core.errors import RequestError
from samovar.serve import kept_responses
from samovar.serve.kept_responses import KeptResponses
from samovar.serve.settings import ServeSettings
from samovar.serve.store import Store
from tests.agent.scripted import call_text
from tests.serve.conftest import MODEL, Server

DAY_S = 86_400


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The time of the kept responses; ``day`` is for a test to set."""
    clock = SimpleNamespace(day=1000.0)
    monkeypatch.setattr(kept_responses, "time", SimpleNamespace(time=lambda: clock.day * DAY_S))
    return clock


def keep(kept: KeptResponses, response_id: str, previous: str | None = None, owner: str = "") -> None:
    asked, said = Message(role="user", content="Q " + response_id), Message(role="assistant", content="A")
    kept.keep(owner, {"id": response_id}, [asked], [said], previous=previous)


def ids(store: Store) -> set[str]:
    with store.transaction() as connection:
        return {row[0] for row in connection.execute("SELECT id FROM responses")}


def test_a_response_is_kept_for_its_time_and_gone_from_the_disk_after(store: Store, clock: SimpleNamespace) -> None:
    kept = KeptResponses(store, most_days=30)
    keep(kept, "resp_a")
    clock.day += 29
    assert kept.read("", "resp_a") == {"id": "resp_a"}
    keep(kept, "resp_b")
    clock.day += 2
    for read in (kept.read, kept.asked, kept.conversation):
        with pytest.raises(RequestError, match="'resp_a' is not kept"):
            read("", "resp_a")
    assert ids(store) == {"resp_b"}
    clock.day += 100
    kept.forget_old()
    assert ids(store) == set()


def test_to_go_on_keeps_all_that_is_gone_on_from(store: Store, clock: SimpleNamespace) -> None:
    kept = KeptResponses(store, most_days=30)
    for name, previous in (("a", None), ("b", "resp_a"), ("c", "resp_b")):
        keep(kept, f"resp_{name}", previous)
        clock.day += 20
    assert [one.content for one in kept.conversation("", "resp_c")] == [
        "Q resp_a",
        "A",
        "Q resp_b",
        "A",
        "Q resp_c",
        "A",
    ]
    clock.day += 20
    kept.forget_old()
    assert ids(store) == set()


def test_without_limits_nothing_goes(store: Store, clock: SimpleNamespace) -> None:
    kept = KeptResponses(store)
    for number in range(5):
        keep(kept, f"resp_{number}")
    clock.day += 10_000
    kept.forget_old()
    assert len(ids(store)) == 5


def test_beyond_their_number_those_used_longest_ago_go_and_others_lose_nothing(
    store: Store, clock: SimpleNamespace
) -> None:
    kept = KeptResponses(store, most_of_owner=3)
    keep(kept, "resp_other", owner="anna")
    for name, previous in (("a", None), ("b", None), ("c", None), ("d", "resp_a"), ("e", None)):
        clock.day += 1
        keep(kept, f"resp_{name}", previous)
    assert ids(store) == {"resp_other", "resp_a", "resp_d", "resp_e"}  # a was gone on from by d


def test_the_settings_are_heeded(start: Callable[..., Server], store: Store) -> None:
    client = start(store=store, settings=ServeSettings(max_responses=2)).client()
    made = [client.responses.create(model=MODEL, input="Hi", store=True).id for _ in range(3)]
    assert ids(store) == set(made[1:])


def test_a_file_of_the_first_version_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "chats.sqlite3"
    turn = json.dumps([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}])
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE responses (id TEXT PRIMARY KEY, owner TEXT NOT NULL, previous TEXT, created_s INTEGER NOT"
            " NULL, turn TEXT NOT NULL, told TEXT NOT NULL) WITHOUT ROWID"
        )
        connection.execute("INSERT INTO responses VALUES ('resp_a', '', NULL, ?, ?, '{}')", (10 * DAY_S, turn))
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    for _ in range(2):  # the second time it is of this version
        store = Store(path)
        assert [one.content for one in KeptResponses(store).conversation("", "resp_a")] == ["Hi", "Hello"]
        with pytest.raises(RequestError, match="the input of the response 'resp_a' is not kept"):
            KeptResponses(store).asked("", "resp_a")
        store.close()
    store = Store(path)
    KeptResponses(store, most_days=30).forget_old()  # it was used last when it was made
    assert ids(store) == set()
    store.close()


def test_the_input_of_a_response(start: Callable[..., Server], store: Store) -> None:
    server = start(store=store)
    client, asked = server.client(), {"model": MODEL, "store": True}
    first = client.responses.create(input="How much is 17*24?", instructions="Be brief.", **asked)
    second = client.responses.create(
        input=[
            {"role": "developer", "content": "Be kind."},
            {"role": "user", "content": "And you?"},
        ],
        previous_response_id=first.id,
        **asked,
    )
    (only,) = client.responses.input_items.list(first.id).data
    assert (only.type, only.role, only.content[0].text) == ("message", "user", "How much is 17*24?")  # type: ignore[union-attr]
    items = client.responses.input_items.list(second.id, order="asc").data
    assert items[0] == only  # the same item has the same id, whichever response it is asked for
    assert [item.type for item in items] == [
        "message",
        "function_call",
        "function_call_output",
        "message",
        "message",
        "message",
    ]
    call, result = items[1], items[2]
    assert (call.name, json.loads(call.arguments)) == ("calculator", {"expression": "17*24"})  # type: ignore[union-attr]
    assert (result.call_id, result.output) == (call.call_id, "408")  # type: ignore[union-attr]
    texts = [item.content[0].text for item in items if item.type == "message"]  # type: ignore[union-attr]
    assert texts == ["How much is 17*24?", "It is 408.", "Be kind.", "And you?"]
    assert len({item.id for item in items}) == len(items)


@pytest.mark.parametrize("is_stream", [False, True])
def test_half_a_surrogate_pair_comes_back_as_it_was_sent(
    start: Callable[..., Server], store: Store, is_stream: bool
) -> None:
    http = start(store=store).http
    asked = {"model": MODEL, "input": "\ud800?", "instructions": "\udfff", "store": True, "stream": is_stream}
    body, headers = json.dumps(asked).encode(), {"Content-Type": "application/json"}
    reply = http.post("/v1/responses", content=body, headers=headers)
    assert (reply.status_code, "\\udfff" in reply.text) == (200, True)
    (response_id,) = ids(store)
    assert json.loads(http.get(f"/v1/responses/{response_id}").content)["instructions"] == "\udfff"
    (item,) = json.loads(http.get(f"/v1/responses/{response_id}/input_items").content)["data"]
    assert item["content"][0]["text"] == "\ud800?"


def test_the_input_is_listed_in_pages(start: Callable[..., Server], store: Store) -> None:
    client = start(store=store).client()
    turns: Any = [{"role": ("user", "assistant")[number % 2], "content": str(number)} for number in range(7)]
    made = client.responses.create(model=MODEL, input=turns, store=True)

    def texts(**options: Any) -> list[str]:
        # The client asks for the next page by itself, after the last item that it has.
        return [item.content[0].text for item in client.responses.input_items.list(made.id, **options)]  # type: ignore[union-attr]

    forward = [str(number) for number in range(7)]
    assert texts(limit=3) == forward[::-1]  # what was said last comes first, as at OpenAI
    assert texts(limit=2, order="asc") == texts(order="asc") == forward
    page = client.responses.input_items.list(made.id, limit=7)
    assert page.has_more is False
    last = page.data[-1].id
    assert client.responses.input_items.list(made.id, after=str(last)).data == []
    for wrong in ({"after": "msg_none"}, {"limit": 0}, {"order": "up"}):
        with pytest.raises(openai.BadRequestError) as refused:
            client.responses.input_items.list(made.id, **wrong)  # type: ignore[arg-type]
        assert refused.value.param == next(iter(wrong))
    with pytest.raises(openai.NotFoundError):
        client.responses.input_items.list("resp_none")


def test_calls_that_the_client_ran_are_of_the_input(start: Callable[..., Server], store: Store) -> None:
    weather: Any = {"type": "function", "name": "weather", "strict": True, "parameters": {"type": "object"}}
    server = start(lambda _: "I look.\n" + call_text("Oslo", name="weather"), store=store)
    client, asked = server.client(), {"model": MODEL, "tools": [weather], "store": True}
    first = client.responses.create(input="Weather?", **asked)
    (call,) = [item for item in first.output if item.type == "function_call"]
    given: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "sun"}]
    second = client.responses.create(input=given, previous_response_id=first.id, **asked)
    items = client.responses.input_items.list(second.id, order="asc").data
    assert [item.type for item in items] == ["message", "message", "function_call", "function_call_output"]
    assert (items[2].call_id, items[3].call_id) == (call.call_id, call.call_id)  # type: ignore[union-attr]
