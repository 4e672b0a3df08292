"""The load: so many at once, or so many a second, until a number or a time is reached."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import httpx2 as httpx

from samovar.core.errors import ConfigError, MissingError
from samovar.core.settings import Settings
from samovar.serve.load.client import Endpoint, LoadClient, Outcome
from samovar.serve.load.prompts import Prompts


class Load(Settings):
    """What is asked, how often, and for how long."""

    concurrency: int = 8
    """Requests at once; with a rate, the most at once."""
    rate: float | None = None
    """Requests a second, at random moments; null: each client asks again as soon as it is answered."""
    input_tokens: int = 128
    """Tokens of a prompt, the server's template and all."""
    output_tokens: int = 64
    """Tokens of an answer, at most."""
    spread: float = 0.0
    """By what share lengths differ, up and down."""
    shared_tokens: int = 0
    """Tokens at the beginning that all prompts have in common."""
    number: int | None = 64
    """Requests; null: until the seconds are over."""
    seconds: float | None = None
    """Seconds in which requests begin; null: until the number is reached."""
    warmup: int = 1
    """Requests before, which do not count."""
    endpoint: Endpoint = "chat"
    """Which of OpenAI's two endpoints is asked."""
    ignores_end: bool = False
    """Ask that answers go on to their full length (ignore_eos)."""
    seed: int = 0
    """Of prompts, lengths and moments."""
    timeout_s: float = 600
    """Seconds that a request may be silent."""


async def run_load(url: str, load: Load, *, model: str | None = None, api_key: str | None = None) -> list[Outcome]:
    """What became of every request upon the server at ``url``.

    Raises:
        MissingError: nobody answers there, or not as OpenAI's API does.
        ConfigError: neither a number nor a time is set.
    """
    if load.number is None and load.seconds is None:
        raise ConfigError("the load would never end", hint="set a number of requests, or seconds")
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    async with httpx.AsyncClient(
        base_url=url.rstrip("/").removesuffix("/v1"), limits=limits, timeout=load.timeout_s, headers=headers
    ) as http:
        client, prompts = await _prepare(http, load, model)
        shared = prompts.of(load.shared_tokens) if load.shared_tokens else ""

        async def ask() -> Outcome:
            prompt = prompts.of(prompts.varied(load.input_tokens, load.spread), shared=shared)
            return await client.ask(prompt, prompts.varied(load.output_tokens, load.spread))

        for _ in range(load.warmup):
            await ask()
        return await (_at_rate(ask, load, prompts) if load.rate else _in_turn(ask, load))


async def _prepare(http: httpx.AsyncClient, load: Load, model: str | None) -> tuple[LoadClient, Prompts]:
    try:
        if model is None:
            listed = await http.get("/v1/models")
            listed.raise_for_status()
            model = str(listed.json()["data"][0]["id"])
        client = LoadClient(http, model, load.endpoint, ignores_end=load.ignores_end)
        return client, await Prompts.measured(client.count_tokens, seed=load.seed)
    except httpx.HTTPStatusError as error:
        raise MissingError(
            f"{error.request.url} answers with status {error.response.status_code}: {error.response.text[:200]}",
            hint="give the key with --api-key, and the model's name with --model",
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise MissingError(
            f"nobody answers at {http.base_url}: {error}", hint="start the server first: samovar serve DIR"
        ) from error
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise MissingError(
            f"{http.base_url} does not answer as OpenAI's API does", hint="give the address of such a server"
        ) from error


class _Turns:
    """Whether one more request may begin."""

    def __init__(self, load: Load) -> None:
        self._left = load.number
        self._until_s = None if load.seconds is None else time.perf_counter() + load.seconds

    def take(self) -> bool:
        if self._left == 0 or (self._until_s is not None and time.perf_counter() >= self._until_s):
            return False
        if self._left is not None:
            self._left -= 1
        return True


async def _in_turn(ask: Callable[[], Awaitable[Outcome]], load: Load) -> list[Outcome]:
    """``concurrency`` clients, each of which asks again when it is answered."""
    turns, outcomes = _Turns(load), list[Outcome]()

    async def client() -> None:
        while turns.take():
            outcomes.append(await ask())

    async with asyncio.TaskGroup() as group:
        for _ in range(load.concurrency):
            group.create_task(client())
    return outcomes


async def _at_rate(ask: Callable[[], Awaitable[Outcome]], load: Load, prompts: Prompts) -> list[Outcome]:
    """Requests that come when they come; beyond ``concurrency`` at once they wait at the door, and that wait counts."""
    turns, outcomes, room = _Turns(load), list[Outcome](), asyncio.Semaphore(load.concurrency)
    assert load.rate is not None

    async def come(came_s: float) -> None:
        async with room:
            outcome = await ask()
        outcome.started_s = came_s
        outcomes.append(outcome)

    async with asyncio.TaskGroup() as group:
        while turns.take():
            group.create_task(come(time.perf_counter()))
            await asyncio.sleep(prompts.pause_s(load.rate))
    return outcomes
