"""A client that leaves frees its place."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator

import httpx
import openai
import pytest

from samovar.serve.app import create_app
from samovar.serve.settings import ServeSettings
from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.scripted import ScriptedEngine
from tests.serve.conftest import MODEL, ScriptedRunner, Server, serving

WAIT_S = 5.0


def slowly(_: str) -> str:
    return "words " * 2000


def until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def server(start: Callable[..., Server]) -> Iterator[Server]:
    return start(slowly, pause_s=0.02)


def body(**changes: object) -> dict[str, object]:
    return {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 5000, **changes}


def test_leaving_a_stream(server: Server) -> None:
    client = server.client()
    with client.chat.completions.create(**body(stream=True)) as stream:
        for number, _ in enumerate(stream):
            if number == 3:
                break
        assert server.runner.num_live == 1
    assert server.runner.ended.wait(WAIT_S)
    assert server.runner.num_live == 0


def test_leaving_several_answers(server: Server) -> None:
    with server.client().chat.completions.create(**body(stream=True, n=3)) as stream:
        next(iter(stream))
        until(lambda: server.runner.num_live == 3)
    until(lambda: server.runner.num_live == 0)


@pytest.mark.parametrize("path", ["completions", "responses", "messages"])
def test_leaving_any_endpoint(server: Server, path: str) -> None:
    asked = {
        "completions": {"prompt": "Hi", "n": 2, "max_tokens": 5000},
        "responses": {"input": "Hi", "max_output_tokens": 5000},
    }.get(path, body())
    with server.http.stream("POST", f"/v1/{path}", json={"model": MODEL, "stream": True, **asked}) as told:
        assert told.status_code == 200
        lines = told.iter_lines()  # dropping it would close the stream
        next(lines)
        assert server.runner.num_live > 0
    until(lambda: server.runner.num_live == 0)


@pytest.mark.parametrize("is_stream", [True, False])
def test_leaving_without_reading(server: Server, is_stream: bool) -> None:
    content = json.dumps(body(stream=is_stream)).encode()
    host, port = server.url.removeprefix("http://").split(":")
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        until(lambda: server.runner.num_live == 1)
    until(lambda: server.runner.num_live == 0)


def test_leaving_within_the_body(server: Server) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
            b'Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"model": '
        )
    assert server.http.get("/health").status_code == 200


def test_a_client_that_is_out_of_patience(server: Server) -> None:
    with pytest.raises(httpx.ReadTimeout):
        server.http.post("/v1/chat/completions", json=body(), timeout=0.2)
    until(lambda: server.runner.num_live == 0)


def test_many_that_leave_block_nobody(start: Callable[..., Server]) -> None:
    server = start(slowly, pause_s=0.01, settings=ServeSettings(max_requests=4))
    for _ in range(10):
        with pytest.raises(httpx.ReadTimeout):
            server.http.post("/v1/chat/completions", json=body(), timeout=0.1)
        until(lambda: server.runner.num_live == 0)
    answer = server.post(body(max_tokens=2))
    assert answer.status_code == 200


def test_a_running_answer_may_end_when_the_server_stops(tokenizer: Tokenizer) -> None:
    runner = ScriptedRunner(ScriptedEngine(tokenizer, lambda _: "word " * 20), pause_s=0.01)
    with serving(create_app(runner, tokenizer, model_id=MODEL)) as url:
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
        chunks = iter(client.chat.completions.create(**body(stream=True)))
        next(chunks)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == ("word " * 20).rstrip()
