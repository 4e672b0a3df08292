"""The engine on a GPU: captured steps say what torch says there, and what transformers says."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from samovar.engine.batch import Piece, make_batch
from samovar.engine.cache import make_memory
from samovar.engine.eager import EagerForward
from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.model.checkpoint import save_model
from samovar.model.decoder import Decoder
from samovar.model.quantized import quantize_model
from samovar.model.settings import DecoderSettings
from samovar.tokenizer.tokenizer import Tokenizer

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU"),
]

SHAPES: dict[str, dict[str, Any]] = {
    "grouped": {},
    "alone": {"num_kv_heads": 4, "tie_embeddings": False},
    "odd": {"num_heads": 6, "head_dim": 24},
    "llama": {"family": "llama", "qk_norm": False},
    "qwen2": {"family": "qwen2", "qk_norm": False, "attention_bias": True},
    "window": {"family": "mistral", "qk_norm": False, "window": 12, "windowed_layers": (0, 1), "tie_embeddings": False},
}
GREEDY = Sampling(temperature=0, max_tokens=24, ignore_eos=True)
MakeModel = Callable[..., Decoder]


@pytest.fixture(scope="module")
def make_model(tokenizer: Tokenizer) -> MakeModel:
    def make(**changes: Any) -> Decoder:
        shape = {
            "vocab_size": 384,
            "hidden_size": 64,
            "intermediate_size": 96,
            "num_layers": 2,
            "num_heads": 4,
            "num_kv_heads": 2,
            "head_dim": 16,
            "max_positions": 128,
        }
        torch.manual_seed(7)
        model = Decoder(DecoderSettings.model_validate(shape | changes))
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.normal_(0.0 if parameter.ndim > 1 else 1.0, 0.3)
        return model.eval().requires_grad_(False)

    return make


def _prompts(count: int, seed: int = 0) -> list[list[int]]:
    rng = random.Random(seed)
    return [[rng.randrange(10, 300) for _ in range(rng.choice((1, 2, 15, 16, 17, 33, 50)))] for _ in range(count)]


def _answers(engine: Engine, prompts: list[list[int]], sampling: Sampling = GREEDY) -> list[list[int]]:
    found = [list(one.ids) for one in engine.generate(prompts, sampling)]
    engine.check_blocks()
    return found


def _graphs(engine: Engine) -> Any:
    """What computes, after it has captured steps."""
    forward: Any = engine._stepper.forward
    assert forward._steps, "nothing was captured"
    return forward


@pytest.mark.parametrize("shape", SHAPES)
def test_greedy_answers_are_torchs_and_transformers(
    shape: str, make_model: MakeModel, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    transformers = pytest.importorskip("transformers")
    # As wide as the vocabulary: transformers may say what has no text.
    model = make_model(vocab_size=tokenizer.vocab_size, **SHAPES[shape]).cuda()
    tokenizer.save(tmp_path)
    save_model(model, tmp_path, dtype=torch.float32)
    peer = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).cuda().eval()
    prompts = _prompts(11)
    expected = []
    for prompt in prompts:
        ids_1T = torch.tensor([prompt], device="cuda")
        told = peer.generate(
            ids_1T,
            attention_mask=torch.ones_like(ids_1T),
            do_sample=False,
            min_new_tokens=24,
            max_new_tokens=24,
            eos_token_id=None,
            pad_token_id=0,
        )
        expected.append(told[0, len(prompt) :].tolist())
    # Requests join and leave: eleven of them on six places.
    captured = Engine(model, tokenizer, max_batch=6, way="graph")
    answers = _answers(captured, prompts)
    assert _graphs(captured).fused is not None
    assert answers == _answers(Engine(model, tokenizer, max_batch=6), prompts)
    assert answers == expected


def test_what_is_computed_behind_an_end_is_thrown_away(make_model: MakeModel, tokenizer: Tokenizer) -> None:
    model, prompts = make_model().cuda(), _prompts(9, seed=5)
    eager = Engine(model, tokenizer, max_batch=4)
    # Ends that nobody can foresee: what some answers say in their midst.
    ends = tuple({answer[8] for answer in _answers(eager, prompts)[::3]})
    sampling = Sampling(temperature=0, max_tokens=24, ignore_eos=True, stop_token_ids=ends)
    expected = _answers(eager, prompts, sampling)
    captured = Engine(model, tokenizer, max_batch=4, way="graph")
    assert _answers(captured, prompts, sampling) == expected
    assert any(len(answer) < 24 for answer in expected)
    assert captured.cache_use == 0


def test_a_small_cache_changes_no_answer(make_model: MakeModel, tokenizer: Tokenizer) -> None:
    model, prompts = make_model().cuda(), _prompts(9, seed=3)
    small = Engine(model, tokenizer, max_batch=6, cache_tokens=224, way="auto")
    assert _answers(small, prompts) == _answers(Engine(model, tokenizer, max_batch=1), prompts)
    assert small.num_preempted > 0


@pytest.mark.parametrize("cut", [{}, {"top_k": 20}, {"top_p": 0.9}, {"min_p": 0.02}])
def test_a_seed_holds_alone_and_beside_others(cut: dict[str, Any], make_model: MakeModel, tokenizer: Tokenizer) -> None:
    model, prompts = make_model().cuda(), _prompts(10, seed=1)
    engine = Engine(model, tokenizer, max_batch=10, way="auto")
    sampling = Sampling(temperature=0.8, seed=5, max_tokens=20, ignore_eos=True, **cut)
    beside = _answers(engine, prompts, sampling)
    alone = [_answers(engine, [prompt], sampling.counted_up(number))[0] for number, prompt in enumerate(prompts)]
    assert beside == alone
    assert sorted(_graphs(engine)._steps) == [1, 16]


def test_penalties_and_log_probabilities_are_torchs(make_model: MakeModel, tokenizer: Tokenizer) -> None:
    model, prompts = make_model().cuda(), _prompts(5, seed=2)
    sampling = Sampling(temperature=0, max_tokens=12, repetition_penalty=1.3, logprobs=2, ignore_eos=True)
    told, expected = (
        Engine(model, tokenizer, max_batch=5, way=way).generate(prompts, sampling) for way in ("graph", "eager")
    )
    for own, its in zip(told, expected, strict=True):
        assert own.ids == its.ids
        assert own.logprobs is not None
        assert its.logprobs is not None
        found = [one.logprob for one in own.logprobs]
        assert found == pytest.approx([one.logprob for one in its.logprobs], abs=1e-4)


@pytest.mark.parametrize("form", ["int8", "soft-capped", "int8 cache"])
def test_what_the_kernels_do_not_know_goes_by_the_decoders_layers(
    form: str, make_model: MakeModel, tokenizer: Tokenizer
) -> None:
    changes = {"score_softcap": 5.0, "block": "sandwich", "norm": "shifted_rms"} if form == "soft-capped" else {}
    model = make_model(**changes)
    if form == "int8":
        model = quantize_model(model, "int8")
    model, prompts = model.cuda(), _prompts(6)
    cache: Any = {"cache_form": "int8"} if form == "int8 cache" else {}
    captured = Engine(model, tokenizer, max_batch=6, way="auto", **cache)
    answers = _answers(captured, prompts)
    assert _graphs(captured).fused is None
    expected = _answers(Engine(model, tokenizer, max_batch=6, **cache), prompts)
    # Rounding turns a hair's breadth into a step; what follows then differs for good.
    same = sum(own == its for own, its in zip(answers, expected, strict=True))
    assert same == 6 if form == "soft-capped" else same >= 4


@pytest.mark.parametrize("form", ["int4", "nf4"])
def test_four_bits_are_computed_by_torch(form: Any, make_model: MakeModel, tokenizer: Tokenizer) -> None:
    model = quantize_model(make_model(), form).cuda()
    engine = Engine(model, tokenizer, max_batch=4, way="auto")
    assert [len(answer) for answer in _answers(engine, _prompts(4))] == [24] * 4
    assert not engine._stepper.forward.is_captured  # type: ignore[attr-defined]


@torch.inference_mode()
def test_logits_in_two_bytes_are_near_those_in_four(make_model: MakeModel) -> None:
    from samovar.engine.gpu.graphs import GraphForward

    rng = random.Random(4)
    model, prompts = make_model(), [[rng.randrange(10, 300) for _ in range(length)] for length in (3, 20, 40, 41, 64)]
    tables = [range(1 + 8 * row, 9 + 8 * row) for row in range(5)]
    found = []
    for own, dtype, kind in ((model, torch.float32, EagerForward), (model, torch.bfloat16, GraphForward)):
        device = torch.device("cpu" if kind is EagerForward else "cuda")
        own = own.to(device, dtype)
        forward = kind(own, make_memory(own.settings, 48, form="plain", dtype=dtype, device=device))
        # In two parts, so that the second looks back at what is in the cache.
        for first, last in ((0, 2), (2, 64)):
            parts = [Piece(row, text[first:last], first, tables[row], [0]) for row, text in enumerate(prompts)]
            forward.hidden(make_batch(parts))
        step = make_batch([Piece(row, [9], len(text), tables[row], [0]) for row, text in enumerate(prompts)])
        found.append(forward.logits(step).cpu())
    near = torch.nn.functional.cosine_similarity(found[0], found[1], dim=1)
    assert (near > 0.999).all(), near


@torch.inference_mode()
@pytest.mark.parametrize("lengths", [(40,), (64,), (3, 1, 50), (100, 20, 90, 7, 33)])
def test_captured_prompts_are_torchs(lengths: tuple[int, ...], make_model: MakeModel) -> None:
    from samovar.engine.gpu.graphs import GraphForward

    model, device = make_model().cuda().bfloat16(), torch.device("cuda")
    # Wide in float32, which has no rounding of its own.
    wide = make_model().cuda()
    wide.load_state_dict(model.state_dict())
    memories = [
        make_memory(model.settings, 48, form="plain", dtype=one.norm.weight.dtype, device=device)
        for one in (model, wide)
    ]
    captured, eager = GraphForward(model, memories[0]), EagerForward(wide, memories[1])
    for seed in range(3):
        rng = random.Random(seed)
        # Kernel by kernel, then captured, then through the same graph with more of it as padding.
        texts = [[rng.randrange(10, 300) for _ in range(length - (seed == 2 and length > 5))] for length in lengths]
        parts = [
            Piece(row, text, 0, range(1 + 8 * row, 9 + 8 * row), range(len(text))) for row, text in enumerate(texts)
        ]
        found, expected = captured.logits(make_batch(parts)), eager.logits(make_batch(parts))
        near = torch.nn.functional.cosine_similarity(found, expected, dim=1)
        assert (near > 0.999).all(), near
        for name in ("keys_LPKSA", "values_LPKSA"):
            own, its = (getattr(one, name)[:, 1:].float().flatten() for one in memories)
            assert torch.nn.functional.cosine_similarity(own, its, dim=0) > 0.999
        assert len(captured._prompts) == (seed > 0)


def test_weights_that_change_are_seen(make_model: MakeModel, tokenizer: Tokenizer) -> None:
    model, prompts = make_model().cuda(), _prompts(4)
    engine = Engine(model, tokenizer, max_batch=4, way="auto")
    before = _answers(engine, prompts)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(torch.rand_like(parameter) + 0.5)
    engine.forget_prefixes()
    after = _answers(engine, prompts)
    assert after != before
    assert after == _answers(Engine(model, tokenizer, max_batch=4), prompts)


def test_a_folder_is_opened_on_the_gpu(make_model: MakeModel, tokenizer: Tokenizer, tmp_path: Path) -> None:
    tokenizer.save(tmp_path)
    save_model(make_model(), tmp_path)
    engine = Engine.load(tmp_path, max_batch=2)
    assert engine.model.norm.weight.device.type == "cuda"
    assert engine.model.norm.weight.dtype == torch.bfloat16
    assert [len(answer) for answer in _answers(engine, _prompts(3))] == [24] * 3
    drafted = Engine.load(tmp_path, max_batch=2, draft=tmp_path, dtype=torch.float32)
    assert [len(answer) for answer in _answers(drafted, _prompts(3))] == [24] * 3
    assert drafted.draft_counts.num_accepted > 0
