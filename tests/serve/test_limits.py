"""Places, sizes and times: what is too much is refused, and what has stopped is let go."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from samovar.serve.app import create_app
from samovar.serve.lifetime import Lifetime
from samovar.serve.settings import ServeSettings
from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.scripted import ScriptedEngine
from tests.serve.conftest import MODEL, ScriptedRunner, Server, serving
from tests.serve.test_cancellation import until

Start = Callable[..., Server]
GREETING = [{"role": "user", "content": "Hi"}]


def body(**changes: object) -> dict[str, object]:
    return {"model": MODEL, "messages": GREETING, "max_tokens": 5000} | changes


def slowly(_: str) -> str:
    return "words " * 500


def code_of(response: httpx.Response) -> str:
    return response.json()["error"]["code"]


def events(text: str) -> list[Any]:
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]


def test_more_than_there_are_places_come_again(start: Start) -> None:
    server = start(slowly, pause_s=0.01, settings=ServeSettings(max_requests=2))
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(server.post, body(max_tokens=60)) for _ in range(2)]
        until(lambda: server.runner.num_live == 2)
        refused = server.post(body())
        assert (refused.status_code, code_of(refused)) == (429, "queue_full")
        assert int(refused.headers["Retry-After"]) >= 1
        assert server.http.get("/v1/models").status_code == 200  # costs nothing
        assert [one.result().status_code for one in running] == [200, 200]
    assert server.post(body(max_tokens=2)).status_code == 200


def test_a_refused_body_is_not_read(start: Start) -> None:
    server = start(settings=ServeSettings(max_body_bytes=1024))
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: 99999999\r\n\r\n".encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/nothing", "/health"])
def test_a_refusal_arrives_though_the_client_still_sends(start: Start, path: str) -> None:
    """Closing with unread data resets the connection, and the client never sees why."""
    server = start(settings=ServeSettings(max_body_bytes=1024))
    content = b" " * 3_000_000
    for _ in range(5):
        response = httpx.post(server.url + path, content=content, headers={"Content-Type": "application/json"})
        assert response.status_code in {404, 405, 413}


def test_a_body_without_a_length_is_counted(start: Start) -> None:
    server = start(settings=ServeSettings(max_body_bytes=1024))
    pieces = iter([b"{" + b" " * 600, b" " * 600, b"}"])
    response = server.http.post("/v1/chat/completions", content=pieces, headers={"Content-Type": "application/json"})
    assert (response.status_code, code_of(response)) == (413, "body_too_large")


def test_a_body_that_stops_is_given_up(start: Start) -> None:
    server = start(settings=ServeSettings(body_timeout_s=0.1, max_requests=1))
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        connection.sendall(f'{head}Content-Length: 500\r\n\r\n{{"model"'.encode())
        answer = b""
        while b"body_too_slow" not in answer:
            piece = connection.recv(4096)
            assert piece, answer
            answer += piece
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert server.post(body(max_tokens=2)).status_code == 200


@pytest.mark.parametrize("before", ["", "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"])
def test_a_head_that_never_ends_is_given_up(start: Start, before: str) -> None:
    server = start(settings=ServeSettings(body_timeout_s=0.2))
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=4) as connection:
        if before:
            connection.sendall(before.encode())
            assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: loc")
        with contextlib.suppress(ConnectionResetError):
            while connection.recv(4096):
                pass


def test_a_connection_outlives_the_time_for_one_head(start: Start) -> None:
    server = start(settings=ServeSettings(body_timeout_s=0.2))
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=4)
    with contextlib.closing(connection):
        for _ in range(5):
            connection.request("GET", "/health")
            assert connection.getresponse().read()
            time.sleep(0.1)


def test_an_answer_that_takes_too_long_is_ended(start: Start) -> None:
    server = start(slowly, pause_s=0.01, settings=ServeSettings(request_timeout_s=0.3))
    whole = server.post(body())
    assert (whole.status_code, code_of(whole)) == (504, "request_timeout")
    stream = server.post(body(stream=True))
    assert stream.status_code == 200
    told = events(stream.text)
    assert len(told) > 2
    assert told[-1]["error"]["code"] == "request_timeout"
    assert "[DONE]" not in stream.text
    until(lambda: server.runner.num_live == 0)


def test_a_prompt_of_more_tokens_than_the_server_takes(start: Start) -> None:
    server = start(settings=ServeSettings(max_prompt_tokens=20))
    assert server.post(body()).status_code == 200
    for is_stream in (False, True):
        refused = server.post(body(messages=[{"role": "user", "content": "word " * 40}], stream=is_stream))
        assert (refused.status_code, code_of(refused)) == (400, "prompt_too_long")


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the system cannot tell who has stopped reading")
def test_a_client_that_stops_reading_is_let_go(tokenizer: Tokenizer) -> None:
    """Its connection is full, so that the answer waits; the place is free when the connection is given up."""
    runner = ScriptedRunner(ScriptedEngine(tokenizer, lambda _: "x" * 1_000_000))
    settings = ServeSettings(stall_s=0.5)
    with serving(create_app(runner, tokenizer, model_id=MODEL, settings=settings), settings) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect((host, int(port)))
            content = json.dumps(body(stream=True, max_tokens=1_000_000)).encode()
            head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            connection.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
            until(lambda: runner.num_live == 1)
            deadline = time.monotonic() + 30
            while runner.num_live:
                assert time.monotonic() < deadline
                time.sleep(0.05)


def test_stopping_takes_no_new_work(tokenizer: Tokenizer) -> None:
    lifetime = Lifetime()
    runner = ScriptedRunner(ScriptedEngine(tokenizer, lambda _: "Hello."))
    with (
        serving(create_app(runner, tokenizer, model_id=MODEL, lifetime=lifetime)) as url,
        httpx.Client(base_url=url) as http,
    ):
        assert http.get("/ready").json() == {"status": "ready"}
        lifetime.drain()
        assert (http.get("/ready").status_code, http.get("/health").status_code) == (503, 200)
        refused = http.post("/v1/chat/completions", json=body())
        assert (refused.status_code, code_of(refused)) == (503, "server_stopping")
        assert "Retry-After" in refused.headers


@pytest.mark.parametrize("is_stream", [True, False])
def test_answers_that_do_not_end_in_time_are_told_so(tokenizer: Tokenizer, is_stream: bool) -> None:
    runner = ScriptedRunner(ScriptedEngine(tokenizer, slowly), pause_s=0.01)
    lifetime, settings, has_begun, told = Lifetime(), ServeSettings(drain_s=0), threading.Event(), list[Any]()
    app = create_app(runner, tokenizer, model_id=MODEL, lifetime=lifetime, settings=settings)

    def ask() -> None:
        with httpx.stream("POST", f"{url}/v1/chat/completions", json=body(stream=is_stream)) as response:
            lines = []
            for line in response.iter_lines():
                lines.append(line)
                has_begun.set()
            told.extend([response.status_code, json.loads(lines[-1 if not is_stream else -2].removeprefix("data: "))])

    with serving(app, settings, lifetime) as url:
        asking = threading.Thread(target=ask)
        asking.start()
        until(lambda: has_begun.is_set() if is_stream else runner.num_live == 1)
    asking.join(timeout=5)
    status, last = told
    assert status == (200 if is_stream else 503)
    assert last["error"]["code"] == "server_stopping"
    assert runner.num_live == 0
    assert lifetime.num_running == 0
