from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from starlette.applications import Starlette

from samovar.agent.tools.calculator import Calculator
from samovar.engine.request import Delta, Sampling
from samovar.serve.app import create_app
from samovar.serve.draining import DrainingServer
from samovar.serve.lifetime import Lifetime
from samovar.serve.server import listen, uvicorn_config
from samovar.serve.settings import ServeSettings
from samovar.serve.store import Store
from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.scripted import Script, ScriptedEngine, calculating, make_tokenizer

MODEL = "test-model"


@dataclass
class ScriptedRunner:
    """The runner's interface over a scripted engine; ``pause_s`` is what a real model takes for a token."""

    engine: ScriptedEngine
    pause_s: float = 0.0
    num_live: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    async def stream(self, prompt_ids: Sequence[int], sampling: Sampling) -> AsyncGenerator[Delta, None]:
        playing = self.engine.start(prompt_ids, sampling)
        self.num_live += 1
        self.ended.clear()
        try:
            while not playing.has_ended:
                await asyncio.sleep(self.pause_s)
                yield playing.next_delta(self.engine.tokenizer)
        finally:
            self.num_live -= 1
            self.ended.set()


@dataclass
class Server:
    """A server on a port of its own, and its runner."""

    url: str
    runner: ScriptedRunner
    http: httpx.Client = field(init=False)
    _clients: list[openai.OpenAI] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.url, timeout=10)

    def client(self, key: str = "no key") -> openai.OpenAI:
        client = openai.OpenAI(base_url=f"{self.url}/v1", api_key=key, max_retries=0, timeout=10)
        self._clients.append(client)
        return client

    def close(self) -> None:
        self.http.close()
        for client in self._clients:
            client.close()

    def post(self, body: Any = None, **options: Any) -> httpx.Response:
        if body is not None:
            options["json"] = body
        return self.http.post("/v1/chat/completions", **options)


@contextmanager
def serving(app: Starlette, settings: ServeSettings | None = None, lifetime: Lifetime | None = None) -> Iterator[str]:
    settings = settings or ServeSettings(drain_s=1)
    with listen("127.0.0.1", 0, stall_s=settings.stall_s) as listener:
        config = uvicorn_config(app, settings)
        server = DrainingServer(config, lifetime or Lifetime(), drain_s=settings.drain_s)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.005)
        try:
            yield f"http{'s' if config.is_ssl else ''}://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)
            assert not thread.is_alive()


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return make_tokenizer()


@pytest.fixture
def start(tokenizer: Tokenizer) -> Iterator[Callable[..., Server]]:
    """Starts servers, which are stopped after the test."""

    def make(script: Script = calculating, *, pause_s: float = 0.0, **options: Any) -> Server:
        runner = ScriptedRunner(ScriptedEngine(tokenizer, script), pause_s)
        app = create_app(runner, tokenizer, model_id=MODEL, tools=[Calculator()], **options)
        settings = (options.get("settings") or ServeSettings()).model_copy(update={"drain_s": 1})
        server = Server(stack.enter_context(serving(app, settings)), runner)
        stack.callback(server.close)
        return server

    with ExitStack() as stack:
        yield make


@pytest.fixture(scope="module")
def shared(tokenizer: Tokenizer) -> Iterator[Server]:
    """One server for all tests of a module that leave no trace in it."""
    runner = ScriptedRunner(ScriptedEngine(tokenizer, calculating))
    with serving(create_app(runner, tokenizer, model_id=MODEL, tools=[Calculator()])) as url:
        server = Server(url, runner)
        yield server
        server.close()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "chats.sqlite3")
    yield store
    store.close()
