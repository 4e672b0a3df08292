"""A judge behind an address: well, badly, slowly, and not at all."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from samovar.chat.conversation import Message
from samovar.core.errors import ConfigError, ResourceError
from samovar.core.settings import parse_settings
from samovar.train.feedback.asking import Ask, Reply
from samovar.train.feedback.endpoint import Endpoint
from samovar.train.feedback.settings import AdviserSettings
from tests.train.feedback.stand_in import Said, stand_in, with_odds


def settings(url: str, **changes: Any) -> AdviserSettings:
    return AdviserSettings(
        url=url, **{"model": "m", "backoff_s": 0.001, "timeout_s": 5, "at_once": 2, "tries": 4, **changes}
    )


def asking(text: str, *, is_choice: bool = True) -> Ask:
    return Ask((Message(role="user", content=text),), is_choice=is_choice, max_tokens=40)


def replies(endpoint: Endpoint, *asks: Ask) -> dict[int, Reply]:
    found: dict[int, Reply] = {}
    endpoint.ask(asks, found.__setitem__)
    return found


def in_turn(*said: Said) -> Callable[[dict[str, Any]], Said]:
    """Say one after the other, the last for ever."""
    left = list(said)
    return lambda body: left.pop(0) if len(left) > 1 else left[0]


def test_what_is_asked_and_what_comes_back() -> None:
    with stand_in(in_turn("A word.", with_odds(1.5))) as server:
        endpoint = Endpoint(settings(server.url, at_once=1))
        found = replies(endpoint, asking("Say", is_choice=False), asking("Judge"))
        assert found[0] == Reply("A word.")
        assert found[1].log_odds == pytest.approx(1.5)
        said, judged = server.bodies
        asked = {"model": "m", "messages": [{"role": "user", "content": "Say"}]}
        assert said == {**asked, "temperature": 0.0, "seed": 0, "max_tokens": 40}
        assert judged["structured_outputs"] == {"choice": ["A", "B"]}
        assert judged["logprobs"] is True
        assert judged["top_logprobs"] == 20
        assert "Authorization" not in server.headers[0]
        assert endpoint.name == f"{server.url} m"
        assert not endpoint.leaves_machine


def test_the_first_model_is_taken_where_none_is_named() -> None:
    with stand_in(in_turn("A"), models=("one", "two")) as server:
        endpoint = Endpoint(settings(server.url, model=None))
        replies(endpoint, asking("Judge"))
        assert server.bodies[0]["model"] == "one"
        assert endpoint.name.endswith(" one")
    with stand_in(in_turn("A"), models=()) as server, pytest.raises(ConfigError, match="lists no model"):
        Endpoint(settings(server.url, model=None))


def test_the_failure_that_ended_it_is_told_and_not_one_that_it_broke_off() -> None:
    with stand_in(lambda body: (429, "wait") if "Patience" in str(body) else (401, "no such key")) as server:
        endpoint = Endpoint(settings(server.url, backoff_s=30))
        with pytest.raises(ConfigError, match="refuses with status 401"):
            replies(endpoint, asking("Patience"), asking("Judge"))


def test_the_key_comes_from_the_environment_and_is_told_to_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THE_KEY", raising=False)
    with stand_in(in_turn((401, "no such key"))) as server:
        with pytest.raises(ConfigError, match="THE_KEY is to hold the key"):
            Endpoint(settings(server.url, key_from="THE_KEY"))
        monkeypatch.setenv("THE_KEY", "sesame-5")
        endpoint = Endpoint(settings(server.url, key_from="THE_KEY"))
        with pytest.raises(ConfigError, match="refuses with status 401: no such key") as caught:
            replies(endpoint, asking("Judge"))
        assert server.headers[0]["Authorization"] == "Bearer sesame-5"
        assert len(server.bodies) == 1
        assert (
            "sesame"
            not in f"{caught.value} {caught.value.hint} {endpoint.name} {settings(server.url, key_from='THE_KEY')}"
        )


def test_a_server_that_fails_is_asked_again() -> None:
    with stand_in(in_turn((500, "oops"), (429, "busy", {"Retry-After": "0"}), (503, ""), "B")) as server:
        assert replies(Endpoint(settings(server.url)), asking("Judge"))[0].letter == "B"
        assert len(server.bodies) == 4


def test_it_waits_as_long_as_the_server_says() -> None:
    with stand_in(in_turn((429, "busy", {"Retry-After": "1"}), "B")) as server:
        started = time.monotonic()
        replies(Endpoint(settings(server.url)), asking("Judge"))
        assert time.monotonic() - started >= 1


def test_a_server_that_keeps_failing_is_named_with_what_it_said() -> None:
    with (
        stand_in(in_turn((500, "out of memory"))) as server,
        pytest.raises(ResourceError, match=r"does not answer: status 500: out of memory \(4 tries in 0 s\)") as caught,
    ):
        replies(Endpoint(settings(server.url)), asking("Judge"))
    assert caught.value.hint is not None
    assert "is kept" in caught.value.hint


def test_nobody_there() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{one.getsockname()[1]}/v1"
    with pytest.raises(ResourceError, match=r"does not answer: ConnectError.*4 tries"):
        replies(Endpoint(settings(url)), asking("Judge"))


def test_a_server_that_says_nothing_is_not_waited_for_without_end() -> None:
    done = threading.Event()
    with stand_in(lambda body: "A" if done.wait(5) else "B") as server:
        endpoint = Endpoint(settings(server.url, timeout_s=0.1, tries=2))
        try:
            with pytest.raises(ResourceError, match=r"ReadTimeout.*2 tries"):
                replies(endpoint, asking("Judge"))
        finally:
            done.set()


def test_nonsense_is_asked_for_again_more_firmly_and_then_said() -> None:
    with stand_in(in_turn("Well, both are fine.", "Перечитал. Не знаю.", "B")) as server:
        assert replies(Endpoint(settings(server.url)), asking("Which?"))[0].letter == "B"
        second = server.bodies[1]["messages"]
        assert [one["content"] for one in second[:2]] == ["Which?", "Well, both are fine."]
        assert "one letter and nothing else" in second[2]["content"]
    with stand_in(in_turn("Ни тот ни другой")) as server:
        reply = replies(Endpoint(settings(server.url)), asking("Какой лучше?"))[0]
        assert (reply.problem, reply.text) == ("unreadable", "Ни тот ни другой")
        assert len(server.bodies) == 4
        assert "одной буквой" in server.bodies[1]["messages"][2]["content"]


@pytest.mark.parametrize("body", ["<html>Welcome</html>", "[]", '{"choices": []}', '{"choices": ["A"]}', "{}"])
def test_a_reply_of_another_shape_is_nonsense_too(body: str) -> None:
    with stand_in(in_turn((200, body))) as server:
        assert replies(Endpoint(settings(server.url, tries=2)), asking("Judge"))[0].problem == "unreadable"


def test_fields_that_a_server_refuses_are_left_out_from_then_on() -> None:
    def strict(body: dict[str, Any]) -> Said:
        if "structured_outputs" in body:
            return 422, '{"detail": "extra fields not permitted: structured_outputs"}'
        if "top_logprobs" in body:
            return 400, "Unrecognized request argument: top_logprobs"
        if "logprobs" in body:
            return 400, "logprobs are not supported with this model"
        if "max_tokens" in body:
            return 400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
        return "A" if body["max_completion_tokens"] else "?"

    with stand_in(strict) as server:
        endpoint = Endpoint(settings(server.url, at_once=1))
        assert [one.letter for one in replies(endpoint, asking("One"), asking("Two")).values()] == ["A", "A"]
        assert len(server.bodies) == 6
        assert replies(endpoint, asking("Three"))[0].log_odds is None


@pytest.mark.parametrize(
    "text", ['{"code": "context_length_exceeded"}', "This model's maximum context length is 8 tokens"]
)
def test_a_question_that_is_too_long_is_left_alone(text: str) -> None:
    with stand_in(lambda body: (400, text) if "long" in body["messages"][0]["content"] else "A") as server:
        found = replies(Endpoint(settings(server.url)), asking("a long one"), asking("short"))
    assert found[0].problem == "too_long"
    assert found[1].letter == "A"


@pytest.mark.parametrize("status", [400, 404, 307])
def test_what_no_further_try_would_change_ends_at_once(status: int) -> None:
    elsewhere = {"Location": "http://192.0.2.1/v1/chat/completions"}
    with stand_in(in_turn((status, "no", elsewhere))) as server:
        with pytest.raises(ConfigError, match=f"refuses with status {status}"):
            replies(Endpoint(settings(server.url)), asking("Judge"))
        assert len(server.bodies) == 1


def test_what_was_answered_before_a_failure_has_been_told() -> None:
    with stand_in(lambda body: (500, "") if body["messages"][0]["content"] == "3" else "A") as server:
        found: dict[int, Reply] = {}
        with pytest.raises(ResourceError):
            Endpoint(settings(server.url, at_once=1)).ask([asking(str(n)) for n in range(50)], found.__setitem__)
        assert set(found) == {0, 1, 2}
        assert len(server.bodies) < 20


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://api.example.com/v1", "another computer: prompts and answers would leave"),
        ("http://127.0.0.1.example.com/v1", "another computer"),
        ("http://192.168.0.7:8000/v1", "another computer"),
        ("http://me:secret@127.0.0.1/v1", "has a password in it"),
        ("127.0.0.1:8000", "write it as"),
        ("file:///etc/passwd", "write it as"),
    ],
)
def test_addresses_are_checked_before_anything_is_sent(url: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        parse_settings(AdviserSettings, {"url": url}, source="recipe")


@pytest.mark.parametrize("url", ["http://localhost:1/v1", "http://127.0.0.5/v1", "http://[::1]:8000/v1"])
def test_this_machine_is_known(url: str) -> None:
    assert not AdviserSettings(url=url).is_elsewhere
    assert AdviserSettings(url="https://api.example.com/v1", leaves_machine=True).is_elsewhere
