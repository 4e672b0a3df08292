"""A stream whose connection dropped is taken up again; of those who did not ask for that nothing is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from samovar.serve.keys import KeyBook
from samovar.serve.settings import ServeSettings
from tests.serve.conftest import MODEL, Server
from tests.serve.test_cancellation import until

Start = Callable[..., Server]
TEXT = "A cat sat on the mat and looked at the river. " * 6
RESUMABLE = {"Samovar-Resumable": "1"}
BODY = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "stream": True, "max_tokens": 5000}


class Event(NamedTuple):
    id: str
    data: str


def telling(_: str) -> str:
    return TEXT


def events_of(response: httpx.Response) -> Iterator[Event]:
    event_id = ""
    for line in response.iter_lines():
        if line.startswith("id: "):
            event_id = line[4:]
        if line.startswith("data: "):
            yield Event(event_id, line[6:])


def text_of(events: list[Event]) -> str:
    chunks = [json.loads(event.data) for event in events if event.data != "[DONE]"]
    return "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])


def begin(server: Server, number: int, **headers: str) -> list[Event]:
    """The first ``number`` events, after which the connection drops."""
    asked = RESUMABLE | headers
    with server.http.stream("POST", "/v1/chat/completions", json=BODY, headers=asked) as response:
        assert response.status_code == 200, response.read()
        events = []
        for event in events_of(response):
            events.append(event)
            if len(events) == number:
                break
        assert {event.id.rpartition("-")[0] for event in events} == {response.headers["Samovar-Stream"]}
    return events


def resume(server: Server, event_id: str, **headers: str) -> httpx.Response:
    stream = event_id.rpartition("-")[0]
    return server.http.get(f"/v1/streams/{stream}", headers={"Last-Event-ID": event_id} | headers)


def test_the_rest_follows_where_the_connection_dropped(start: Start) -> None:
    server = start(telling, pause_s=0.005)
    first = begin(server, 8)
    assert server.runner.num_live == 1
    rest = list(events_of(resume(server, first[-1].id)))
    assert text_of(first + rest).strip() == TEXT.strip()
    assert rest[-1].data == "[DONE]"
    numbers = [int(event.id.rpartition("-")[2]) for event in first + rest]
    assert numbers == list(range(len(numbers)))


def test_a_whole_stream_is_given_again_from_any_event(start: Start) -> None:
    server = start(telling)
    events = begin(server, -1)
    assert events[-1].data == "[DONE]"
    for number in (0, 5, len(events) - 2):
        assert list(events_of(resume(server, events[number].id))) == events[number + 1 :]
    stream = events[0].id.rpartition("-")[0]
    assert list(events_of(server.http.get(f"/v1/streams/{stream}"))) == events


def test_dropping_twice_loses_nothing(start: Start) -> None:
    server = start(telling, pause_s=0.005)
    events = begin(server, 5)
    with server.http.stream(
        "GET", f"/v1/streams/{events[-1].id.rpartition('-')[0]}", headers={"Last-Event-ID": events[-1].id}
    ) as response:
        more = events_of(response)
        events += [next(more) for _ in range(5)]
    events += events_of(resume(server, events[-1].id))
    assert text_of(events).strip() == TEXT.strip()


def test_who_did_not_ask_for_it_frees_the_place_by_leaving(start: Start) -> None:
    server = start(telling, pause_s=0.02)
    with server.http.stream("POST", "/v1/chat/completions", json=BODY) as response:
        assert "Samovar-Stream" not in response.headers
        first = next(response.iter_lines())
        assert first.startswith("data: ")  # no ids
    assert server.runner.ended.wait(5)


def test_nobody_waits_longer_than_the_time(start: Start) -> None:
    server = start(telling, pause_s=0.05, settings=ServeSettings(resume_s=0.2))
    first = begin(server, 3)
    assert server.runner.num_live == 1
    until(lambda: server.runner.num_live == 0)
    gone = resume(server, first[-1].id)
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "stream_not_found")


def test_a_stream_that_nobody_wants_any_more_is_ended(start: Start) -> None:
    server = start(telling, pause_s=0.05)
    first = begin(server, 3)
    stream = first[0].id.rpartition("-")[0]
    assert server.http.delete(f"/v1/streams/{stream}").status_code == 204
    until(lambda: server.runner.num_live == 0)
    assert resume(server, first[-1].id).status_code == 404


def test_of_a_long_stream_the_beginning_is_forgotten(start: Start) -> None:
    server = start(telling, settings=ServeSettings(resume_bytes=4096))
    events = begin(server, -1)
    gone = resume(server, events[0].id)
    assert (gone.status_code, gone.json()["error"]["code"]) == (410, "stream_gone")
    assert list(events_of(resume(server, events[-4].id))) == events[-3:]


@pytest.mark.parametrize("event_id", ["x", "x-1", "STREAM-999999", "STREAM--1", "STREAM-x", "STREAM-" + "9" * 5000])
def test_an_id_that_was_never_given(start: Start, event_id: str) -> None:
    server = start(telling)
    stream = begin(server, -1)[0].id.rpartition("-")[0]
    headers = {"Last-Event-ID": event_id.replace("STREAM", stream)}
    refused = server.http.get(f"/v1/streams/{stream}", headers=headers)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "Last-Event-ID")


def test_as_many_are_kept_as_is_said_and_the_oldest_goes_first(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samovar.serve.streams.MOST_KEPT", 4)
    server = start(telling)
    last = [begin(server, -1)[-1].id for _ in range(5)]
    assert [resume(server, event_id).status_code for event_id in last] == [404, 200, 200, 200, 200]


def test_a_failure_before_the_first_event_is_told_as_ever(start: Start) -> None:
    def broken(_: str) -> str:
        raise RuntimeError("broken")

    failed = start(broken).http.post("/v1/chat/completions", json=BODY, headers=RESUMABLE)
    assert (failed.status_code, failed.json()["error"]["code"]) == (500, "internal_error")


def test_what_is_no_stream_is_answered_as_ever(start: Start) -> None:
    server = start(telling)
    whole = server.http.post("/v1/chat/completions", json=BODY | {"stream": False}, headers=RESUMABLE)
    assert whole.json()["choices"][0]["message"]["content"].strip() == TEXT.strip()
    refused = server.http.post("/v1/chat/completions", json=BODY | {"messages": []}, headers=RESUMABLE)
    assert refused.status_code == 400


def test_a_stream_belongs_to_its_key(start: Start, tmp_path: Path) -> None:
    book = KeyBook(tmp_path / "keys.sqlite3")
    server = start(telling, keys=book)
    (mine, _), (other, _) = book.create("mine"), book.create("other")
    events = begin(server, -1, Authorization=f"Bearer {mine}")
    assert resume(server, events[3].id, Authorization=f"Bearer {other}").status_code == 404
    assert resume(server, events[3].id, Authorization=f"Bearer {mine}").status_code == 200


def test_it_can_be_switched_off(start: Start) -> None:
    server = start(telling, settings=ServeSettings(resume_s=0))
    response = server.http.post("/v1/chat/completions", json=BODY, headers=RESUMABLE)
    assert "id: " not in response.text
    assert server.http.get("/v1/streams/x").json()["error"]["code"] == "not_found"
