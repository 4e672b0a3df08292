"""The backend over a stand-in for vLLM answers as our own engine does: same tokens, text, ends, log-probabilities.

vLLM itself cannot run here; what is proved is what the backend asks of it and makes of its answers.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from samovar.core.errors import BusyError, MissingError, RequestError
from samovar.engine.constraint import Constraint
from samovar.engine.embeddings import embed
from samovar.engine.engine import Engine
from samovar.engine.request import Delta, Sampling
from samovar.engine.runner import EngineRunner
from samovar.engine.vllm_backend import VllmEngine
from samovar.model.adapters.attach import attach
from samovar.model.adapters.peft_folder import save_adapter
from samovar.model.adapters.settings import AdapterSettings
from samovar.model.checkpoint import load_model, save_model
from samovar.model.decoder import Decoder
from samovar.tokenizer.tokenizer import Tokenizer
from tests.engine import vllm_stand_in

GREEDY = Sampling(temperature=0.0, max_tokens=12)
PROMPTS = ["The samovar sang", "Самовар", "tea was hot and the table"]


@pytest.fixture
def backend(source: Path, monkeypatch: pytest.MonkeyPatch) -> VllmEngine:
    for name, module in vllm_stand_in.modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    return VllmEngine.load(source, max_batch=2)


@pytest.fixture
def snug(tokenizer: Tokenizer, model: Decoder, tmp_path: Path) -> Path:
    """A model whose table is no larger than the vocabulary: vLLM's log-probabilities count the rows beyond it in."""
    small = Decoder(model.settings.model_copy(update={"vocab_size": tokenizer.vocab_size}))
    rows = {"embed_tokens.weight": model.embed_tokens.weight[: tokenizer.vocab_size]}
    small.load_state_dict(model.state_dict() | rows)
    tokenizer.save(tmp_path / "snug")
    save_model(small, tmp_path / "snug")
    return tmp_path / "snug"


@pytest.fixture
def prompts(backend: VllmEngine) -> list[list[int]]:
    return [backend.tokenizer.encode(text) for text in PROMPTS]


def answers(engine: Engine | VllmEngine, prompts: list[list[int]], sampling: Sampling) -> list[list[Delta]]:
    """The deltas of each prompt, all of them going on at once."""
    ids = [engine.add(prompt, sampling) for prompt in prompts]
    found: dict[int, list[Delta]] = {request_id: [] for request_id in ids}
    while engine.has_work:
        for delta in engine.step():
            found[delta.request_id].append(delta)
    return [found[request_id] for request_id in ids]


@pytest.mark.parametrize(
    "sampling",
    [
        GREEDY,
        Sampling(temperature=0.0, max_tokens=200),
        Sampling(temperature=0.0, max_tokens=12, logprobs=3),
        Sampling(temperature=0.0, max_tokens=6, logprobs=0, prompt_logprobs=2),
        Sampling(temperature=0.0, max_tokens=8, prefix_ids=(70, 71), logprobs=1),
    ],
)
def test_answers_are_those_of_our_engine(
    backend: VllmEngine, snug: Path, prompts: list[list[int]], sampling: Sampling
) -> None:
    both = (answers(engine, prompts, sampling) for engine in (VllmEngine.load(snug), Engine.load(snug, way="eager")))
    for found, expected in zip(*both, strict=True):
        for name in ("ids", "text"):
            ours, theirs = (type(getattr(one[0], name))() for one in (found, expected))
            for delta in found:
                ours += getattr(delta, name)
            for delta in expected:
                theirs += getattr(delta, name)
            assert ours == theirs
        assert found[-1].finish_reason == expected[-1].finish_reason
        for kind in ("logprobs", "prompt_logprobs"):
            pairs = zip(
                [one for delta in found for one in getattr(delta, kind)],
                [one for delta in expected for one in getattr(delta, kind)],
                strict=True,
            )
            for ours, theirs in pairs:
                assert (ours is None) == (theirs is None)
                if ours is not None and theirs is not None:
                    assert ours.token == theirs.token
                    assert ours.logprob == pytest.approx(theirs.logprob, abs=1e-3)
                    assert [token for token, _ in ours.top] == [token for token, _ in theirs.top]


def test_a_stop_text_ends_the_answer_and_vllm_is_told(
    backend: VllmEngine, prompts: list[list[int]], make_engine: Callable[..., Engine]
) -> None:
    (whole,) = make_engine().generate(prompts[:1], GREEDY)
    stop = whole.text[4:6]
    sampling = Sampling(temperature=0.0, max_tokens=12, stop=(stop,))
    (found,) = backend.generate(prompts[:1], sampling)
    assert (found.text, found.finish_reason, found.stopped_by) == (whole.text[: whole.text.index(stop)], "stop", stop)
    assert backend._engine.aborted == ["0"]
    assert not backend._engine.live


def test_what_is_asked_reaches_vllm(backend: VllmEngine, prompts: list[list[int]]) -> None:
    sampling = Sampling(
        temperature=0.5, top_p=0.9, top_k=7, min_p=0.1, seed=3, repetition_penalty=1.1, frequency_penalty=0.2,
        presence_penalty=0.3, logit_bias={5: 2.0}, stop_token_ids=(9,), min_tokens=2, max_tokens=4,
        constraint=Constraint.json_schema({"type": "object"}),
    )  # fmt: skip
    backend.add(prompts[0], sampling)
    asked = backend._engine.live["0"].params
    for name in ("temperature", "top_p", "top_k", "min_p", "seed", "repetition_penalty", "frequency_penalty"):
        assert getattr(asked, name) == getattr(sampling, name)
    assert (asked.presence_penalty, asked.logit_bias, asked.min_tokens, asked.max_tokens) == (0.3, {5: 2.0}, 2, 4)
    assert set(asked.stop_token_ids) == {9} | set(backend.tokenizer.stop_ids)
    assert asked.structured_outputs.json == '{"type": "object"}'
    assert asked.allowed_token_ids == list(range(backend.tokenizer.vocab_size))
    assert backend._engine.arguments.structured_outputs_config == {"backend": "guidance"}


def test_cancelled_requests_leave_vllm_and_are_reported_once(backend: VllmEngine, prompts: list[list[int]]) -> None:
    first, second = (backend.add(prompt, GREEDY) for prompt in prompts[:2])
    backend.step()
    backend.cancel(first)
    backend.cancel(first)
    news = backend.step()
    assert [delta.finish_reason for delta in news if delta.request_id == first] == ["cancelled"]
    assert list(backend._engine.live) == [str(second)]
    backend.cancel_all()
    assert not backend.has_work
    assert backend.step() == []


def test_a_fork_goes_on_from_where_its_parent_is(backend: VllmEngine, prompts: list[list[int]]) -> None:
    (whole,) = answers(backend, prompts[:1], GREEDY)
    parent = backend.add(prompts[0], GREEDY)
    backend.step()
    child = backend.fork(parent, GREEDY)
    found: dict[int, list[int]] = {parent: [], child: []}
    while backend.has_work:
        for delta in backend.step():
            found[delta.request_id] += delta.ids
    assert found[child] == [token for delta in whole for token in delta.ids]
    with pytest.raises(RequestError, match="not live"):
        backend.fork(parent, GREEDY)


def test_it_runs_behind_the_runner(backend: VllmEngine, prompts: list[list[int]]) -> None:
    expected = [one.text for one in backend.generate(prompts, GREEDY)]

    async def ask() -> list[str]:
        with EngineRunner(backend) as runner:  # type: ignore[arg-type]
            return [one.text for one in await asyncio.gather(*(runner.complete(prompt, GREEDY) for prompt in prompts))]

    assert asyncio.run(ask()) == expected


def test_adapters_are_named_to_vllm(backend: VllmEngine, source: Path, tmp_path: Path) -> None:
    model, settings = load_model(source), AdapterSettings(rank=12)
    attach(model, settings, seed=0)
    save_adapter(model, tmp_path / "formal", settings, base=source)
    adapted = VllmEngine.load(source, adapters={"formal": tmp_path / "formal"}, tensor_parallel_size=2)
    arguments = adapted._engine.arguments
    assert (arguments.enable_lora, arguments.max_lora_rank, arguments.tensor_parallel_size) == (True, 16, 2)
    formal = Sampling(temperature=0.0, max_tokens=12, adapter="formal")
    parent = adapted.add([70, 71], formal)
    adapted.add([70, 71], GREEDY)
    adapted.fork(parent, GREEDY)
    loras = [live.lora for live in adapted._engine.live.values()]
    named = vllm_stand_in.LoRARequest("formal", 1, str(tmp_path / "formal"))
    assert loras == [named, None, named]
    with pytest.raises(RequestError, match="no adapter 'frmal'"):
        adapted.check([70], Sampling(adapter="frmal"))


def test_what_cannot_be_answered_is_refused(backend: VllmEngine, prompts: list[list[int]]) -> None:
    for ids, said in ([], "empty"), ([1] * 96, "96 tokens"), ([400], "outside"):
        with pytest.raises(RequestError, match=said):
            backend.add(ids)
    with pytest.raises(RequestError, match="verbatim_quotes"):
        backend.add(prompts[0], Sampling(verbatim_quotes=True))
    with pytest.raises(RequestError, match="96 tokens"):
        backend.generate([prompts[0], [1] * 96], GREEDY)
    assert not backend.has_work
    backend.max_waiting = 1
    for _ in range(3):
        backend.add(prompts[0], GREEDY)
    with pytest.raises(BusyError, match="waiting"):
        backend.add(prompts[0], GREEDY)


def test_what_needs_the_weights_is_refused(backend: VllmEngine) -> None:
    async def ask() -> object:
        with EngineRunner(backend) as runner:  # type: ignore[arg-type]
            return await runner.call(lambda engine: embed(engine.model, [[70]]))

    with pytest.raises(RequestError, match="no hidden states"):
        asyncio.run(ask())


def test_without_vllm_it_is_said(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises((MissingError, ModuleNotFoundError), match="vllm"):
        VllmEngine.load(source)
