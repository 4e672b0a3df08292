"""The load generator: what it counts is what happened; and its figures are numpy's."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import httpx2 as httpx
import numpy as np
import pytest

from samovar.core.errors import ConfigError, MissingError
from samovar.serve.load.client import LoadClient, Outcome
from samovar.serve.load.generator import Load, run_load
from samovar.serve.load.prompts import Prompts
from samovar.serve.load.report import percentiles, summarize
from samovar.serve.settings import ServeSettings
from tests.serve.conftest import MODEL, Server

Start = Callable[..., Server]
WORDS = "words " * 100


def load(server: Server, **options: Any) -> list[Outcome]:
    key = options.pop("api_key", None)
    asked = Load(**({"number": 6, "concurrency": 3, "input_tokens": 80, "output_tokens": 5} | options))
    return asyncio.run(run_load(server.url, asked, api_key=key))


def test_as_many_requests_as_asked_as_many_at_once(start: Start) -> None:
    server = start(lambda _: WORDS, pause_s=0.002)
    most, stream = 0, server.runner.stream

    async def counted(*arguments: Any) -> Any:
        nonlocal most
        async for delta in stream(*arguments):
            most = max(most, server.runner.num_live)
            yield delta

    server.runner.stream = counted  # type: ignore[method-assign]
    outcomes = load(server)
    assert [one.error for one in outcomes] == [None] * 6
    assert most == 3
    assert len(server.runner.engine.prompts) == 6 + 1 + 2  # warming up, and measuring the tokens of a word
    lengths = [sampling.max_tokens for sampling in server.runner.engine.samplings]
    assert lengths == [1, 1] + [5] * 7


def test_tokens_are_the_servers_and_times_are_in_order(start: Start) -> None:
    server = start(lambda _: WORDS, pause_s=0.002)
    outcomes = load(server)
    assert abs(np.mean([one.input_tokens for one in outcomes]) - 80) <= 8  # these words are of seven tokens or so
    for one in outcomes:
        assert one.first_s is not None
        assert one.started_s < one.first_s < one.ended_s
        assert len(one.gaps_s) == 4
        assert one.output_tokens > 0


def test_prompts_differ_but_for_what_they_share(start: Start) -> None:
    server = start(lambda _: WORDS)
    load(server, shared_tokens=40, warmup=0)
    asked = [prompt.split("user\n")[-1].split("<|im_end|>")[0].split() for prompt in server.runner.engine.prompts[2:]]
    shared = min(_num_common(one, other) for one, other in pairwise(asked))
    assert shared >= 4
    assert len({tuple(words) for words in asked}) == 6


def _num_common(one: list[str], other: list[str]) -> int:
    return next(place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)


def test_a_rate_and_a_time(start: Start) -> None:
    server = start(lambda _: WORDS)
    outcomes = load(server, rate=200.0, number=None, seconds=0.2, concurrency=50)
    starts = sorted(one.started_s for one in outcomes)
    assert 10 <= len(outcomes) <= 80  # 40 are expected
    assert starts[-1] - starts[0] < 0.25


def test_refusals_are_counted_and_are_in_no_time(start: Start) -> None:
    server = start(lambda _: WORDS, pause_s=0.02, settings=ServeSettings(max_requests=1))
    summary = summarize(load(server, number=8, concurrency=8))
    assert summary["failed"]["status 429"] + summary["requests"] == 8
    assert summary["requests"] >= 1


def test_a_stream_that_breaks_is_a_failure(start: Start) -> None:
    settings = ServeSettings(request_timeout_s=0.2)
    server = start(lambda _: WORDS, pause_s=0.05, settings=settings)
    (outcome,) = load(server, number=1, warmup=0, output_tokens=90)
    assert "request_timeout" in str(outcome.error)


@pytest.mark.parametrize(
    ("event", "told"),
    [('{"usage": {"total_tokens": 3}}', "prompt_tokens"), ('{"usage": [3]}', "TypeError"), ("[]", "AttributeError")],
)
def test_a_stream_of_another_shape_is_a_failure(event: str, told: str) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=f"data: {event}\n\ndata: [DONE]\n\n"))

    async def ask() -> Outcome:
        async with httpx.AsyncClient(base_url="http://peer", transport=transport) as http:
            return await LoadClient(http, MODEL, "chat").ask("Hi", 5)

    assert told in str(asyncio.run(ask()).error)


@pytest.mark.parametrize("sign", ["\x85", "\u2028", "\u2029", "\x0b", "\x1e", "\\", "ы"])
def test_no_sign_of_a_text_breaks_a_line(start: Start, sign: str) -> None:
    """Neither for us, nor for clients that split lines as Python does."""
    server = start(lambda _: f"a{sign}b. " * 9)
    assert [one.error for one in load(server, number=1, output_tokens=20)] == [None]
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    with server.http.stream("POST", "/v1/chat/completions", json=body) as response:
        told = [json.loads(line[6:]) for line in response.iter_lines() if line.startswith("data: {")]
    text = "".join(choice["delta"].get("content") or "" for chunk in told for choice in chunk["choices"])
    assert text == f"a{sign}b. " * 8 + f"a{sign}b."


def test_a_key_is_sent(start: Start) -> None:
    server = start(lambda _: WORDS, api_key="right")
    assert [one.error for one in load(server, api_key="right", number=1)] == [None]
    with pytest.raises(MissingError, match="status 401"):
        load(server, api_key="wrong")


def test_nobody_there(shared: Server) -> None:
    with pytest.raises(MissingError, match="nobody answers"):
        asyncio.run(run_load("http://127.0.0.1:9", Load()))
    with pytest.raises(MissingError, match="status 404"):
        asyncio.run(run_load(f"{shared.url}/nowhere", Load()))
    with pytest.raises(MissingError, match="status 404"):
        asyncio.run(run_load(shared.url, Load(), model="another"))
    with pytest.raises(ConfigError, match="never end"):
        asyncio.run(run_load(shared.url, Load(number=None), model=MODEL))


def test_percentiles_are_numpys() -> None:
    draw = random.Random(0)
    for count in (1, 2, 7, 100):
        values = [draw.random() for _ in range(count)]
        expected = {f"p{percent}": pytest.approx(np.percentile(values, percent), abs=1e-5) for percent in (50, 90, 99)}
        assert percentiles(values) == expected
    assert percentiles([]) is None


def test_an_account_worked_by_hand() -> None:
    outcomes = [
        Outcome(started_s=0.0, first_s=0.5, ended_s=2.0, gaps_s=[0.5, 1.0], input_tokens=10, output_tokens=3),
        Outcome(started_s=1.0, first_s=1.1, ended_s=4.0, gaps_s=[2.9], input_tokens=20, output_tokens=5),
        Outcome(started_s=1.0, ended_s=1.2, error="status 429"),
    ]
    summary = summarize(outcomes)
    assert (summary["requests"], summary["failed"], summary["seconds"]) == (2, {"status 429": 1}, 4.0)
    assert (summary["requests_per_second"], summary["output_tokens_per_second"]) == (0.5, 2.0)
    assert summary["input_tokens_per_second"] == 7.5
    assert summary["time_to_first_token_s"]["p50"] == pytest.approx(0.3)
    assert summary["inter_token_s"]["p50"] == 1.0
    assert summary["latency_s"]["p50"] == 2.5
    assert summarize([])["requests"] == 0


def test_words_are_measured_by_what_the_server_counts() -> None:
    async def count(text: str) -> int:
        return 12 + 3 * len(text.split())

    prompts = asyncio.run(Prompts.measured(count, seed=0))
    for tokens in (60, 128, 512):
        assert abs(asyncio.run(count(prompts.of(tokens))) - tokens) <= 2
