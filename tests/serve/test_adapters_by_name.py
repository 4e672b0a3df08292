"""Adapters of one model, asked for by name as if they were models of their own."""

from __future__ import annotations

from collections.abc import Iterator
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


@pytest.fixture(scope="module")
def merry(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter that changes much."""
    model, settings = load_model(folder, dtype=torch.float32), AdapterSettings(rank=4)
    attach(model, settings, seed=1)
    torch.manual_seed(1)
    with torch.no_grad():
        for module in adapted(model).values():
            module.lora_B.normal_(0.0, 0.3)
    place = tmp_path_factory.mktemp("adapters") / "merry"
    save_adapter(model, place, settings, base=folder)
    return place


@pytest.fixture(scope="module")
def url(folder: Path, merry: Path) -> Iterator[str]:
    engine = Engine.load(folder, max_batch=4, adapters={"merry": merry})
    with EngineRunner(engine) as runner, serving(create_app(runner, engine.tokenizer, model_id="tiny")) as url:
        yield url


def text_of(url: str, model: str) -> str:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        asked = {"prompt": "A cat sat", "temperature": 1, "seed": 3, "max_tokens": 16}
        answer = client.completions.create(model=model, **asked)
        assert answer.model == model
        return answer.choices[0].text


def test_each_name_answers_as_its_own_model_would(url: str, folder: Path, merry: Path) -> None:
    with (
        EngineRunner(Engine.load(folder, adapter=merry)) as runner,
        serving(create_app(runner, runner.engine.tokenizer, model_id="merged")) as merged,
    ):
        assert text_of(url, "merry") == text_of(merged, "merged") != text_of(url, "tiny")


def test_they_are_listed_with_the_model_they_belong_to(url: str) -> None:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        models = client.models.list().data
        assert [(model.id, (model.model_extra or {}).get("parent")) for model in models] == [
            ("tiny", None),
            ("merry", "tiny"),
        ]
        assert client.models.retrieve("merry").id == "merry"
        with pytest.raises(openai.NotFoundError, match="'tiny', 'merry'"):
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
