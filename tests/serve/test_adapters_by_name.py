"""Adapters of one model, asked for by name as if they were models of their own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anthropic
import openai
import pytest
import torch

from samovar.engine.engine import Engine
from samovar.engine.runner import EngineRunner
from samovar.model.adapters.attach import adapted, attach
from samovar.model.adapters.peft_folder import save_adapter
from samovar.model.adapters.settings import AdapterSettings
from samovar.model.checkpoint import load_model
from samovar.serve.app import create_app
from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.tiny_model import save_tiny_model
from tests.serve.conftest import serving


@pytest.fixture(scope="module")
def folder(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny-model", tokenizer)


def make_adapter(folder: Path, place: Path, seed: int) -> Path:
    """An adapter that changes much."""
    model, settings = load_model(folder, dtype=torch.float32), AdapterSettings(rank=4)
    attach(model, settings, seed=seed)
    torch.manual_seed(seed)
    with torch.no_grad():
        for module in adapted(model).values():
            module.lora_B.normal_(0.0, 0.3)
    save_adapter(model, place, settings, base=folder)
    return place


@pytest.fixture(scope="module")
def adapters(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("adapters")
    return {name: make_adapter(folder, place / name, seed) for seed, name in enumerate(("merry", "formal"), 1)}


@pytest.fixture(scope="module")
def runner(folder: Path, adapters: dict[str, Path]) -> Iterator[EngineRunner]:
    with EngineRunner(Engine.load(folder, max_batch=6, adapters=adapters)) as runner:
        yield runner


@pytest.fixture(scope="module")
def url(runner: EngineRunner) -> Iterator[str]:
    with serving(create_app(runner, runner.engine.tokenizer, model_id="tiny")) as url:
        yield url


def text_of(url: str, model: str, seed: int = 3) -> str:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        asked = {"prompt": "A cat sat", "temperature": 1, "seed": seed, "max_tokens": 48}
        answer = client.completions.create(model=model, **asked)
        assert answer.model == model
        return answer.choices[0].text


def test_several_in_one_batch_answer_as_each_merged_would_alone(
    url: str, runner: EngineRunner, folder: Path, adapters: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    merged = {"tiny": None, **adapters}
    alone: dict[tuple[str, int], str] = {}
    for name, adapter in merged.items():
        with (
            EngineRunner(Engine.load(folder, adapter=adapter)) as one,
            serving(create_app(one, one.engine.tokenizer, model_id=name)) as its_url,
        ):
            alone |= {(name, seed): text_of(its_url, name, seed) for seed in (3, 4)}
    assert len(set(alone.values())) == len(alone)

    engine, seen = runner.engine, []
    step = engine.step

    def watched() -> object:
        seen.append(engine.num_running)
        return step()

    monkeypatch.setattr(engine, "step", watched)
    with ThreadPoolExecutor(len(alone)) as pool:
        together = dict(zip(alone, pool.map(lambda asked: text_of(url, *asked), alone), strict=True))
    assert together == alone
    assert max(seen) > 1, "the requests never met in a batch"


def test_they_are_listed_with_the_model_they_belong_to(url: str) -> None:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        models = client.models.list().data
        assert [(model.id, (model.model_extra or {}).get("parent")) for model in models] == [
            ("tiny", None),
            ("merry", "tiny"),
            ("formal", "tiny"),
        ]
        assert client.models.retrieve("merry").id == "merry"
        with pytest.raises(openai.NotFoundError, match="'tiny', 'merry', 'formal'"):
            client.completions.create(model="sad", prompt="Hi")
        with pytest.raises(openai.BadRequestError, match="adapters cannot do this"):
            client.embeddings.create(model="merry", input="Hi")


def test_every_form_of_conversation_takes_their_names(url: str) -> None:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        chat = client.chat.completions.create(model="merry", messages=[{"role": "user", "content": "Hi"}], max_tokens=4)
        assert chat.model == "merry"
        assert client.responses.create(model="merry", input="Hi", max_output_tokens=4).model == "merry"
    with anthropic.Anthropic(base_url=url, api_key="none", max_retries=0) as client:
        message = client.messages.create(model="merry", max_tokens=4, messages=[{"role": "user", "content": "Hi"}])
        assert message.model == "merry"
