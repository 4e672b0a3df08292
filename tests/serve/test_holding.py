"""What requests may take is set aside before they take it: however many run at once, a key's limits hold."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from samovar.serve.keys import KeyBook, Limits, Use
from tests.agent.scripted import call_text
from tests.serve.conftest import MODEL, Server
from tests.serve.test_cancellation import until

Start = Callable[..., Server]
MESSAGES = [{"role": "user", "content": "Hi"}]
PROMPT, ANSWER = 11, 17
"""Tokens of ``MESSAGES``, and of the greeting that answers them."""
COST = PROMPT + ANSWER


@pytest.fixture
def book(tmp_path: Path) -> KeyBook:
    return KeyBook(tmp_path / "keys.sqlite3")


def ask(server: Server, key: str, path: str = "chat/completions", **options: Any) -> httpx.Response:
    asked = {"model": MODEL, "max_tokens": ANSWER} | ({} if "prompt" in options else {"messages": MESSAGES}) | options
    return server.http.post(f"/v1/{path}", json=asked, headers={"Authorization": f"Bearer {key}"})


@pytest.mark.parametrize("limit", ["tokens_per_day", "tokens_per_minute"])
def test_many_at_once_take_no_more_than_the_key_may_spend(start: Start, book: KeyBook, limit: str) -> None:
    server = start(keys=book, pause_s=0.1)
    secret, key = book.create("desk", limits=Limits(**{limit: 3 * COST + 1}))
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: ask(server, secret), range(8)))
    assert sorted(one.status_code for one in replies) == [200] * 3 + [429] * 5
    assert book.spent_today(key.id) == Use(8, 3 * PROMPT, 3 * ANSWER)
    for refused in (one for one in replies if one.status_code == 429):
        error = refused.json()["error"]
        assert (error["type"], error["code"]) == ("rate_limit_error", "rate_limit_exceeded")
        assert f"may take {COST} tokens" in error["message"]
        assert f"of its {3 * COST + 1} tokens a {limit.rpartition('_')[2]}" in error["message"]
        assert 1 <= int(refused.headers["Retry-After"]) <= 60  # running answers hold it: it may well be free soon


@pytest.mark.parametrize("limit", ["tokens_per_day", "tokens_per_minute"])
def test_what_was_not_needed_is_free_again(start: Start, book: KeyBook, limit: str) -> None:
    server = start(keys=book)
    secret, key = book.create("desk", limits=Limits(**{limit: 4 * COST}))
    assert [ask(server, secret, max_tokens=2 * ANSWER).status_code for _ in range(3)] == [200] * 3
    assert book.spent_today(key.id).tokens == 3 * COST
    assert book.held(key.id) == 0
    assert ask(server, secret, max_tokens=2 * ANSWER).status_code == 429


@pytest.mark.parametrize("limit", ["tokens_per_day", "tokens_per_minute"])
def test_who_leaves_pays_for_what_was_made(start: Start, book: KeyBook, limit: str) -> None:
    server = start(lambda _: "words " * 400, keys=book, pause_s=0.02)
    secret, key = book.create("desk", limits=Limits(**{limit: 300}))
    body = {"model": MODEL, "messages": MESSAGES, "max_tokens": 250, "stream": True}
    with server.http.stream(
        "POST", "/v1/chat/completions", json=body, headers={"Authorization": f"Bearer {secret}"}
    ) as told:
        lines = told.iter_lines()
        next(lines)
        assert ask(server, secret, max_tokens=50).status_code == 429
    until(lambda: server.runner.num_live == 0)
    until(lambda: KeyBook(book.path).spent_today(key.id).tokens > PROMPT)
    assert KeyBook(book.path).held(key.id) == 0
    assert KeyBook(book.path).spent_today(key.id).tokens < 100
    assert ask(server, secret, max_tokens=2).status_code == 200


def test_an_answer_that_fails_holds_nothing(start: Start, book: KeyBook) -> None:
    def failing(_: str) -> str:
        raise ValueError("broken")

    server = start(failing, keys=book)
    secret, key = book.create("desk", limits=Limits(tokens_per_day=COST, tokens_per_minute=COST))
    assert [ask(server, secret).status_code for _ in range(3)] == [500] * 3
    assert (book.held(key.id), book.spent_today(key.id).tokens) == (0, 0)


def test_what_can_never_be_is_told_so(start: Start, book: KeyBook) -> None:
    server = start(keys=book)
    secret, _ = book.create("desk", limits=Limits(tokens_per_day=COST, tokens_per_minute=COST))
    refused = ask(server, secret, max_tokens=ANSWER + 1)
    assert refused.status_code == 429
    assert "come again" not in refused.json()["error"]["message"]
    assert "fewer with max_tokens" in refused.json()["error"]["message"]
    # The context, and not the limit, is in the way of this one.
    endless = ask(server, secret, messages=[{"role": "user", "content": "word " * 900}])
    assert (endless.status_code, endless.json()["error"]["code"]) == (400, "context_length_exceeded")
    assert ask(server, secret).status_code == 200


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("chat/completions", {"n": 3}),
        ("completions", {"prompt": ["Hi", "Hi", "Hi"]}),
        ("completions", {"prompt": "Hi", "best_of": 3}),
    ],
)
def test_several_answers_are_paid_for_together(start: Start, book: KeyBook, path: str, options: Any) -> None:
    server = start(keys=book)
    secret, key = book.create("desk", limits=Limits(tokens_per_day=3 * ANSWER - 1))
    assert ask(server, secret, path, **options).status_code == 429
    assert book.spent_today(key.id).tokens == 0
    assert server.runner.engine.prompts == []


@pytest.mark.parametrize(
    ("path", "options"), [("responses", {"input": "Hi", "max_output_tokens": ANSWER}), ("messages", {})]
)
def test_other_forms_hold_too(start: Start, book: KeyBook, path: str, options: dict[str, Any]) -> None:
    server = start(keys=book)
    secret, key = book.create("desk", limits=Limits(tokens_per_day=COST))
    body = options or {"messages": MESSAGES, "max_tokens": ANSWER}
    bearing = {"Authorization": f"Bearer {secret}"}
    for status in (200, 429):
        reply = server.http.post(f"/v1/{path}", json={"model": MODEL, **body}, headers=bearing)
        assert reply.status_code == status, reply.text
    assert book.spent_today(key.id).tokens == COST


def test_an_answer_that_was_let_in_may_call_its_tools(start: Start, book: KeyBook) -> None:
    """Each round reads the prompt anew, which is the one thing that is not set aside."""

    def calling(prompt: str) -> str:
        return "Done." if prompt.count("<tool_response>") == 2 else call_text("1+1")

    server = start(calling, keys=book)
    secret, key = book.create("desk", limits=Limits(tokens_per_day=PROMPT + 200))
    assert ask(server, secret, max_tokens=200).json()["choices"][0]["message"]["content"] == "Done."
    assert book.spent_today(key.id).tokens > PROMPT + 200
    assert book.held(key.id) == 0


def test_two_servers_share_the_day(start: Start, book: KeyBook) -> None:
    one, other = start(keys=book, pause_s=0.2), start(keys=KeyBook(book.path))
    secret, key = book.create("desk", limits=Limits(tokens_per_day=2 * COST - 1))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(ask, one, secret)
        until(lambda: KeyBook(book.path).held(key.id) > 0)
        refused = ask(other, secret)
        assert (refused.status_code, int(refused.headers["Retry-After"])) == (429, 5)
        assert running.result().status_code == 200
    assert ask(other, secret, max_tokens=ANSWER - 1).status_code == 200


def test_processes_together_hold_no_more_than_there_is(book: KeyBook) -> None:
    _, key = book.create("desk")
    book.count(key.id, Use(prompt_tokens=5))
    code = (
        "import sys; from pathlib import Path; from samovar.serve.keys import KeyBook\n"
        "book = KeyBook(Path(sys.argv[1]))\n"
        "held = [book.hold(sys.argv[2], 10, most=1000, longest_s=60) for _ in range(100)]\n"
        "print(sum(number is not None for number in held))"
    )
    command = [sys.executable, "-c", code, str(book.path), key.id]
    holding = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert sum(int(one.communicate()[0]) for one in holding) == 99
    assert book.held(key.id) == 990


def test_what_a_killed_process_held_is_free_again(book: KeyBook, monkeypatch: pytest.MonkeyPatch) -> None:
    _, key = book.create("desk")
    assert book.hold(key.id, 90, most=100, longest_s=60) is not None
    assert book.hold(key.id, 20, most=100, longest_s=60) is None
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    assert book.held(key.id) == 0
    number = book.hold(key.id, 100, most=100, longest_s=60)
    assert number is not None
    book.count(key.id, Use(prompt_tokens=30), number=number, held=30)
    assert book.held(key.id) == 70
    book.release(number)
    assert (book.held(key.id), book.spent_today(key.id).tokens) == (0, 30)
    with closing(sqlite3.connect(book.path)) as connection:
        assert connection.execute("SELECT count(*) FROM held").fetchone() == (0,), "they are swept up"


def test_a_file_of_an_earlier_version_holds_too(book: KeyBook) -> None:
    _, key = book.create("desk")
    book.close()
    with closing(sqlite3.connect(book.path)) as connection:
        connection.execute("DROP TABLE held")
    assert KeyBook(book.path).hold(key.id, 10, most=10, longest_s=60) is not None
