"""A short soak over the real engine, in this process: nothing leaks, every request is answered or refused.

The long one, with a thousand clients and a process of its own, is ``python -m benchmarks.soak``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import soak
from benchmarks.soak_clients import WAYS
from samovar.engine.engine import Engine
from samovar.engine.runner import EngineRunner
from samovar.serve.app import create_app
from samovar.serve.lifetime import Lifetime
from samovar.serve.settings import ServeSettings
from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.tiny_model import save_tiny_model
from tests.serve.conftest import serving

Running = tuple[str, Engine, Lifetime]


@pytest.fixture
def running(tokenizer: Tokenizer, tmp_path: Path) -> Iterator[Running]:
    engine = Engine.load(save_tiny_model(tmp_path / "tiny", tokenizer), max_batch=4, way="eager")
    settings, lifetime = ServeSettings(max_requests=12, resume_s=0.5, drain_s=1), Lifetime()
    with EngineRunner(engine) as runner:
        app = create_app(runner, engine.tokenizer, model_id="tiny", settings=settings, lifetime=lifetime)
        with serving(app, settings, lifetime) as url:
            yield url, engine, lifetime


def test_the_server_stays_whole(running: Running) -> None:
    url, engine, lifetime = running
    ends, broken = asyncio.run(soak.soak(url, clients=24, seconds=4))
    assert broken == []
    assert sum(ends.values()) >= 24
    assert {name.split(": ")[1] for name in ends} == {"answered", "refused", "left"}
    deadline = time.monotonic() + 10
    while engine.num_running or engine.num_waiting or engine.cache_use or lifetime.num_running:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    engine.check_blocks()


def test_every_way_to_behave_ends_well(running: Running) -> None:
    url, _, _ = running

    async def each() -> dict[str, str]:
        async with soak.httpx.AsyncClient(base_url=url, timeout=20, trust_env=False) as http:
            client = soak.Client(http, "tiny", seed=1)
            return {name: await getattr(client, f"_{name}")() for name in WAYS}

    ends = asyncio.run(each())
    assert ends["whole"] == ends["stream"] == ends["dawdle"] == ends["drop_and_resume"] == "answered"
    assert ends["send_junk"] == ends["ask_wrongly"] == ends["ask_too_much"] == "refused"


def test_what_leaks_is_named() -> None:
    before = soak.Held(sequences=0, cache_share=0, tasks=3, threads=5, files=9)
    assert soak.leaks(before, before._replace(threads=20, files=10)) == []
    assert soak.leaks(before, before._replace(tasks=4)) == ["tasks: 3 before, 4 after"]
    assert soak.leaks(before, before._replace(cache_share=0.25)) == ["cache_share: 0 before, 0.25 after"]


def test_memory_that_grows_is_not_flat() -> None:
    size = 300 * 2**20
    assert soak.is_flat([size // 2, size, size, size, size, size, size, size])
    assert not soak.is_flat([size + step * 2**21 for step in range(40)])
    assert soak.is_flat([size])
