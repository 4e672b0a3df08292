"""The server over the real engine and a tiny model with random weights."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from samovar.engine.engine import Engine
from samovar.engine.runner import EngineRunner
from samovar.serve.app import create_app
from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.tiny_model import CONTEXT, save_tiny_model
from tests.serve.conftest import serving

GREETING: list[Any] = [{"role": "user", "content": "Hi"}]


@dataclass
class Real:
    client: openai.OpenAI
    engine: Engine


@pytest.fixture(scope="module")
def folder(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny-model", tokenizer)


@pytest.fixture(scope="module")
def real(folder: Path) -> Iterator[Real]:
    engine = Engine.load(folder, max_batch=4)
    with EngineRunner(engine) as runner, serving(create_app(runner, engine.tokenizer, model_id="tiny")) as url:
        yield Real(openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=20), engine)


def text_of(real: Real, **options: Any) -> str:
    options = {"model": "tiny", "messages": GREETING, "temperature": 1, "seed": 5, "max_tokens": 24} | options
    return real.client.chat.completions.create(**options).choices[0].message.content


def test_a_stream_gives_the_same_text(real: Real) -> None:
    chunks = real.client.chat.completions.create(
        model="tiny", messages=GREETING, temperature=1, seed=5, max_tokens=24, stream=True
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == text_of(real) != ""


def test_a_seed_gives_the_same_text_beside_others(real: Real) -> None:
    alone = text_of(real, temperature=1, seed=3)
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda seed: text_of(real, temperature=1, seed=seed), [3, 4, 5, 3, 6, 7, 3, 8]))
    assert [together[number] for number in (0, 3, 6)] == [alone] * 3
    assert len(set(together)) > 1


def test_usage_counts_the_tokens(real: Real) -> None:
    answer = real.client.chat.completions.create(model="tiny", messages=GREETING, temperature=0, max_tokens=5)
    assert answer.usage is not None
    rendered = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    assert answer.usage.prompt_tokens == len(real.engine.tokenizer.encode(rendered, allow_special=True))
    assert answer.usage.completion_tokens == 5
    assert answer.choices[0].finish_reason == "length"


def test_a_prompt_beyond_the_context(real: Real) -> None:
    messages: Any = [{"role": "user", "content": "word " * CONTEXT}]
    for is_stream in (False, True):
        with pytest.raises(openai.BadRequestError) as caught:
            real.client.chat.completions.create(model="tiny", messages=messages, stream=is_stream)
        assert (caught.value.code, caught.value.param) == ("context_length_exceeded", "messages")


def test_leaving_frees_the_engine(real: Real) -> None:
    for _ in range(3):
        stream = real.client.chat.completions.create(
            model="tiny", messages=GREETING, temperature=1, max_tokens=CONTEXT, stream=True
        )
        next(iter(stream))
        stream.close()
    deadline = time.monotonic() + 5
    while real.engine.num_running or real.engine.num_waiting:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert text_of(real)


@pytest.mark.parametrize("stop", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_the_server_starts_and_ends_cleanly(folder: Path, stop: signal.Signals) -> None:
    code = "import sys; from pathlib import Path; from samovar.serve.server import run_server\n"
    code += "run_server(Path(sys.argv[1]), port=0)"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, str(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stderr is not None
            told = server.stderr.readline()
            assert told.startswith("tiny-model is served: page http://127.0.0.1:"), told
            url = told.split("page ")[1].split()[0]
            assert httpx.get(f"{url}health").json() == {"status": "ok", "model": "tiny-model"}
            server.send_signal(stop)
            assert server.wait(timeout=20) == 0
            assert server.stderr.read() == ""
        finally:
            server.kill()
