"""Requests that name adapters, all in one batch, answer as engines do whose model has that adapter merged in."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from samovar.core.errors import MissingError, RequestError
from samovar.engine.backends import open_engine
from samovar.engine.engine import Engine
from samovar.engine.request import Completion, Delta, Sampling
from samovar.model.adapters.attach import adapted, attach
from samovar.model.adapters.peft_folder import save_adapter
from samovar.model.adapters.settings import AdapterSettings
from samovar.model.checkpoint import load_model
from samovar.tokenizer.tokenizer import Tokenizer

GREEDY = {"temperature": 0.0, "max_tokens": 10}
PROMPT = "The samovar sang on the table, and the tea was hot. The samovar sang"


@pytest.fixture
def folders(source: Path, tmp_path: Path) -> dict[str, Path]:
    """Adapters that change much."""
    found = {}
    for seed, name in enumerate(("formal", "merry")):
        model, settings = load_model(source, dtype=torch.float32), AdapterSettings(rank=4, use_dora=name == "merry")
        attach(model, settings, seed=seed)
        torch.manual_seed(seed)
        with torch.no_grad():
            for module in adapted(model).values():
                module.lora_B.normal_(0.0, 0.3)
        save_adapter(model, tmp_path / name, settings, base=source)
        found[name] = tmp_path / name
    return found


def answers(engine: Engine, prompts: list[list[int]], adapters: list[str | None]) -> list[Completion]:
    ids = [
        engine.add(prompt, Sampling(**GREEDY, adapter=adapter))  # type: ignore[arg-type]
        for prompt, adapter in zip(prompts, adapters, strict=True)
    ]
    news: dict[int, list[Delta]] = {request_id: [] for request_id in ids}
    while engine.has_work:
        for delta in engine.step():
            news[delta.request_id].append(delta)
    engine.check_blocks()
    return [Completion.of(*news[request_id]) for request_id in ids]


def prompts_of(tokenizer: Tokenizer) -> list[list[int]]:
    ids = tokenizer.encode(PROMPT)
    return [ids, ids[:9], ids, ids[:5], ids, ids[:17]]


NAMED: list[str | None] = ["formal", None, "merry", "formal", None, "merry"]


@pytest.mark.parametrize("prefill_tokens", [7, 1024])
def test_a_mixed_batch_answers_as_merged_models_do(
    source: Path, folders: dict[str, Path], tokenizer: Tokenizer, prefill_tokens: int
) -> None:
    engine = Engine.load(source, adapters=folders, way="eager")
    engine._scheduler._prefill_tokens = prefill_tokens
    prompts = prompts_of(tokenizer)
    found = answers(engine, prompts, NAMED)
    for prompt, adapter, answer in zip(prompts, NAMED, found, strict=True):
        merged = Engine.load(source, adapter=folders[adapter] if adapter else None, way="eager")
        assert merged.generate([prompt], Sampling(**GREEDY))[0].ids == answer.ids  # type: ignore[arg-type]
    assert len({tuple(answer.ids) for answer in (found[0], found[2], found[4])}) == 3


def test_what_one_adapter_has_read_no_other_takes_for_its_own(
    source: Path, folders: dict[str, Path], tokenizer: Tokenizer
) -> None:
    engine = Engine.load(source, adapters=folders, way="eager")
    (ids, *_) = prompts_of(tokenizer)
    first = [answers(engine, [ids], [adapter])[0].ids for adapter in ("formal", None, "merry")]
    again = [answers(engine, [ids], [adapter])[0].ids for adapter in ("merry", "formal", None)]
    assert [first[2], first[0], first[1]] == again


def test_an_unknown_adapter_is_refused_with_those_there_are(source: Path, folders: dict[str, Path]) -> None:
    engine = Engine.load(source, adapters=folders, way="eager")
    assert engine.adapters == ["formal", "merry"]
    with pytest.raises(RequestError, match="no adapter 'frmal'") as caught:
        engine.add([70, 71], Sampling(adapter="frmal"))
    assert caught.value.hint == "there are: formal, merry"
    with pytest.raises(RequestError, match="no adapter 'formal'"):
        Engine.load(source, way="eager").add([70, 71], Sampling(adapter="formal"))
    with pytest.raises(MissingError):
        Engine.load(source, adapters={"lost": source / "lost"}, way="eager")


def test_the_server_opens_its_engine_with_adapters(
    source: Path, folders: dict[str, Path], tokenizer: Tokenizer
) -> None:
    engine = open_engine(source, max_batch=2, adapters=folders, way="eager")
    assert (engine.adapters, engine.max_batch) == (["formal", "merry"], 2)
    assert open_engine(source, way="eager").adapters == []
