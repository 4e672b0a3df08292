"""Keys at the door: every route asks for one, rights and limits hold, and use is counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from samovar.serve.keys import KeyBook, Limits
from samovar.serve.settings import ServeSettings
from tests.serve.conftest import MODEL, Server

Start = Callable[..., Server]
BODY = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}


def bearing(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def ask(server: Server, key: str, **options: Any) -> httpx.Response:
    return server.post(BODY | options, headers=bearing(key))


@pytest.fixture
def book(tmp_path: Path) -> KeyBook:
    return KeyBook(tmp_path / "keys.sqlite3")


@pytest.fixture
def server(start: Start, book: KeyBook) -> Server:
    return start(keys=book)


def test_the_first_key_locks_a_running_server(server: Server, book: KeyBook) -> None:
    assert server.post(BODY).status_code == 200
    secret, _ = book.create("desk")
    refused = server.post(BODY)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert ask(server, secret).status_code == 200
    book.revoke("desk")
    told = ask(server, secret)
    assert told.status_code == 401
    assert "revoked" in told.json()["error"]["message"]


def test_every_route_asks_but_page_and_probes(server: Server, book: KeyBook) -> None:
    book.create("desk")
    for method, path in (
        ("GET", "/v1/models"),
        ("GET", "/metrics"),
        ("GET", "/v1/streams/x"),
        ("POST", "/v1/embeddings"),
        ("GET", "/openapi.json"),
        ("GET", "/nothing"),
        ("OPTIONS", "/v1/chat/completions"),
        ("GET", "//v1/models"),
        ("GET", "/health/"),
    ):
        assert server.http.request(method, path).status_code == 401, path
    for path in ("/", "/app.js", "/health", "/ready"):
        assert server.http.get(path).status_code == 200, path


def test_anthropics_header_carries_a_key_too(server: Server, book: KeyBook) -> None:
    secret, _ = book.create("desk")
    assert server.http.get("/v1/models", headers={"x-api-key": secret}).status_code == 200
    assert server.http.get("/v1/models", headers={"x-api-key": secret + "x"}).status_code == 401


def test_a_key_does_what_it_has_a_right_to(server: Server, book: KeyBook) -> None:
    reader, _ = book.create("reader", scopes=["read"])
    watcher, _ = book.create("watcher", scopes=["metrics"])
    assert server.http.get("/v1/models", headers=bearing(reader)).status_code == 200
    refused = ask(server, reader)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "insufficient_scope")
    assert server.http.get("/metrics", headers=bearing(watcher)).status_code == 200
    assert server.http.get("/metrics", headers=bearing(reader)).status_code == 403
    assert server.http.get("/v1/models", headers=bearing(watcher)).status_code == 403


def test_the_servers_own_key_opens_everything(start: Start, book: KeyBook) -> None:
    server = start(keys=book, api_key="right")
    for path in ("/v1/models", "/metrics"):
        assert server.http.get(path, headers=bearing("right")).status_code == 200
        assert server.http.get(path, headers=bearing("wrong")).status_code == 401


def test_requests_a_minute(server: Server, book: KeyBook) -> None:
    secret, _ = book.create("desk", limits=Limits(requests_per_minute=2))
    other, _ = book.create("other")
    first = ask(server, secret)
    assert first.headers["x-ratelimit-limit-requests"] == "2"
    assert first.headers["x-ratelimit-remaining-requests"] == "1"
    assert ask(server, secret).status_code == 200
    refused = ask(server, secret)
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "rate_limit_exceeded"
    assert refused.json()["error"]["type"] == "rate_limit_error"
    assert 1 <= int(refused.headers["Retry-After"]) <= 30
    assert refused.headers["x-ratelimit-limit-requests"] == "2"
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"
    assert ask(server, other).status_code == 200
    assert server.http.get("/v1/models", headers=bearing(secret)).status_code == 200


@pytest.mark.parametrize("is_stream", [False, True])
def test_tokens_a_minute_and_a_day(server: Server, book: KeyBook, is_stream: bool) -> None:
    usage = server.post(BODY).json()["usage"]
    whole = usage["total_tokens"]
    by_minute, _ = book.create("minute", limits=Limits(tokens_per_minute=whole + 1))
    by_day, _ = book.create("day", limits=Limits(tokens_per_day=whole + 1))
    for secret, most_s in ((by_minute, 60), (by_day, 86_400)):
        assert ask(server, secret, stream=is_stream, max_tokens=usage["completion_tokens"]).status_code == 200
        refused = ask(server, secret, stream=is_stream, max_tokens=usage["completion_tokens"])
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limit_exceeded")
        assert 1 <= int(refused.headers["Retry-After"]) <= most_s


def test_use_is_what_the_answer_says(server: Server, book: KeyBook) -> None:
    secret, key = book.create("desk")
    usage = [ask(server, secret).json()["usage"] for _ in range(2)]
    spent = book.spent_today(key.id)
    assert spent.requests == 2
    assert spent.prompt_tokens == sum(one["prompt_tokens"] for one in usage)
    assert spent.completion_tokens == sum(one["completion_tokens"] for one in usage)


def test_a_day_that_was_spent_before_a_restart_is_spent(start: Start, book: KeyBook) -> None:
    secret, key = book.create("day", limits=Limits(tokens_per_day=50))
    assert ask(start(keys=book), secret, max_tokens=20).status_code == 200
    assert book.spent_today(key.id).tokens > 25
    assert ask(start(keys=KeyBook(book.path)), secret, max_tokens=20).status_code == 429


def test_sites_that_were_named_may_ask_and_no_others(start: Start, book: KeyBook) -> None:
    server = start(keys=book, settings=ServeSettings(cors_origins=("https://chat.example",)))
    book.create("desk")
    for origin, is_allowed in (("https://chat.example", True), ("https://evil.example", False)):
        asked = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": ", ".join(["authorization", *server.client().default_headers]).lower(),
        }
        allowed = server.http.options("/v1/chat/completions", headers=asked)
        assert (allowed.headers.get("Access-Control-Allow-Origin") == origin) is is_allowed
        assert (allowed.status_code == 200) is is_allowed
        # A refusal must be readable too, or the page cannot say why.
        refused = server.http.get("/v1/models", headers={"Origin": origin})
        assert refused.status_code == 401
        assert ("Access-Control-Allow-Origin" in refused.headers) is is_allowed
