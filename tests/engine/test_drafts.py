"""Guesses ahead, in the engine: they change how many steps an answer takes, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from samovar.core.errors import ConfigError
from samovar.engine.constraint import Constraint
from samovar.engine.draft_model import check_draft_tokenizer
from samovar.engine.engine import Engine
from samovar.engine.request import Completion, Delta, Sampling
from samovar.model.decoder import Decoder
from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.tokenizer.train import train_tokenizer

MakeEngine = Callable[..., Engine]

REPEATING = [40, 41, 42, 43, 44, 45, 46, 47] * 4
GREEDY = Sampling(temperature=0, max_tokens=24)
RULES = [
    GREEDY,
    Sampling(temperature=0.8, seed=1, max_tokens=24),
    Sampling(temperature=0.7, seed=2, max_tokens=24, top_p=0.8, top_k=30),
    Sampling(temperature=0.9, seed=3, max_tokens=24, repetition_penalty=1.2, frequency_penalty=0.3, logprobs=2),
    Sampling(temperature=0, max_tokens=24, min_tokens=5, prompt_logprobs=0, logprobs=1),
    Sampling(temperature=1, seed=4, max_tokens=40, constraint=Constraint("regex", "[a-d]{3,20}")),
    Sampling(temperature=0, max_tokens=30, stop=("e", "а")),
]


@pytest.fixture(scope="module")
def alike(model: Decoder) -> Decoder:
    """A model that is nearly the same."""
    torch.manual_seed(1)
    other = Decoder(model.settings)
    other.load_state_dict(model.state_dict())
    with torch.no_grad():
        for parameter in other.parameters():
            parameter += 0.01 * torch.randn_like(parameter)
    return other.eval().requires_grad_(False)


def run(engine: Engine, requests: list[tuple[list[int], Sampling]]) -> tuple[list[Completion], int]:
    """The answers, and how many steps they took."""
    numbers = [engine.add(prompt, sampling) for prompt, sampling in requests]
    parts: dict[int, list[Delta]] = {}
    steps = 0
    while engine.has_work:
        steps += 1
        for delta in engine.step():
            parts.setdefault(delta.request_id, []).append(delta)
        engine.check_blocks()
    return [Completion.of(*parts[number]) for number in numbers], steps


def assert_same(found: list[Completion], expected: list[Completion]) -> None:
    for one, other in zip(found, expected, strict=True):
        assert one.ids == other.ids
        assert (one.text, one.finish_reason, one.stopped_by) == (other.text, other.finish_reason, other.stopped_by)
        told = zip(one.logprobs + one.prompt_logprobs[1:], other.logprobs + other.prompt_logprobs[1:], strict=True)
        for mine, theirs in told:
            assert mine is not None
            assert theirs is not None
            assert mine.token == theirs.token
            assert mine.logprob == pytest.approx(theirs.logprob, abs=1e-3)


@pytest.mark.parametrize("options", [{}, {"prefill_tokens": 7}, {"max_batch": 2, "cache_tokens": 96}])
def test_answers_are_the_same_with_guesses_and_without(
    make_engine: MakeEngine, alike: Decoder, options: dict[str, int]
) -> None:
    requests = [([*REPEATING, number], sampling) for number, sampling in enumerate(RULES)]
    expected, plain_steps = run(make_engine(), requests)
    for draft in ("prompt", alike):
        engine = make_engine(draft=draft, **options)
        for _ in range(2):
            found, steps = run(engine, requests)
            assert_same(found, expected)
        counts = engine.draft_counts
        assert 0 < counts.num_accepted <= counts.num_drafted
        if not options and draft is alike:
            assert steps < plain_steps
    assert make_engine().draft_counts.num_drafted == 0


def test_a_model_that_repeats_itself_is_foreseen(make_engine: MakeEngine, model: Decoder, tokenizer: Tokenizer) -> None:
    class Reciting(Decoder):
        """The token after t is t + 1, up to 47, and then 40."""

        def hidden(self, token_ids: torch.Tensor, **options: object) -> torch.Tensor:
            following = torch.where(token_ids == 47, 40, token_ids + 1)
            return following.unsqueeze(-1).float().expand(-1, -1, self.settings.hidden_size)

        def head(self, hidden: torch.Tensor) -> torch.Tensor:
            return 20.0 * torch.eye(self.settings.vocab_size)[hidden[..., 0].long()]

    reciting = Reciting(model.settings).eval()
    expected, plain_steps = run(Engine(reciting, tokenizer), [(REPEATING, GREEDY)])
    engine = Engine(reciting, tokenizer, draft="prompt", draft_tokens=6)
    found, steps = run(engine, [(REPEATING, GREEDY)])
    assert found == expected
    assert found[0].ids == REPEATING[:24]
    assert plain_steps == 24
    assert steps == 5  # one token of the prompt's step, then 7, 7, 7 and 2
    assert engine.draft_counts.num_accepted == engine.draft_counts.num_drafted > 0


def test_without_a_seed_the_distribution_is_that_of_the_model(
    make_engine: MakeEngine, model: Decoder, tokenizer: Tokenizer, alike: Decoder
) -> None:
    """The first three tokens of many answers, against the model's own probabilities of all that they may be."""
    sampling = Sampling(temperature=0.5, top_k=4, max_tokens=4, ignore_eos=True)
    prompt, rows = [40, 41, 42], 1200
    engine = make_engine(max_batch=100, draft=alike, draft_tokens=3)
    triples = Counter(tuple(one.ids[:3]) for one in engine.generate([prompt] * rows, sampling))
    assert 0.3 < engine.draft_counts.num_accepted / engine.draft_counts.num_drafted < 1
    expected: dict[tuple[int, ...], float] = {(): 1.0}
    for _ in range(3):
        longer: dict[tuple[int, ...], float] = {}
        for ids, share in expected.items():
            logits = model(torch.tensor([[*prompt, *ids]]))[0, -1, : tokenizer.vocab_size] / 0.5
            best = logits.topk(4)
            for token, part in zip(best.indices.tolist(), best.values.softmax(0).tolist(), strict=True):
                longer[(*ids, token)] = share * part
        expected = longer
    assert set(triples) <= set(expected)
    common = [ids for ids, share in expected.items() if share * rows >= 5]
    chi = sum((triples[ids] - rows * expected[ids]) ** 2 / (rows * expected[ids]) for ids in common)
    degrees = len(common) - 1
    assert degrees > 5
    assert chi < degrees + 4.5 * (2 * degrees) ** 0.5  # met by chance once in 10,000 runs or so


@pytest.mark.parametrize("seed", range(2))
def test_a_cache_that_is_too_small_for_guesses_costs_only_guesses(
    make_engine: MakeEngine, alike: Decoder, seed: int
) -> None:
    torch.manual_seed(seed)
    requests = [
        (torch.randint(300, (int(torch.randint(1, 50, ())),)).tolist(), replace(RULES[number % 3], seed=number))
        for number in range(9)
    ]
    expected, _ = run(make_engine(), requests)
    engine = make_engine(max_batch=6, cache_tokens=112, draft=alike)
    found, _ = run(engine, requests)
    assert_same(found, expected)
    engine._drafter.check_blocks()  # type: ignore[union-attr]
    assert engine._drafter._pool.num_free == engine._drafter._pool.num_blocks  # type: ignore[union-attr]


def test_answers_that_are_broken_off_leave_nothing(make_engine: MakeEngine, alike: Decoder) -> None:
    for draft in ("prompt", alike):
        engine = make_engine(draft=draft)
        numbers = [engine.add(REPEATING, GREEDY) for _ in range(6)]
        for _ in range(3):
            engine.step()
        for number in numbers[:3]:
            engine.cancel(number)
        engine.step()
        engine.cancel_all()
        engine.check_blocks()
        assert not engine.has_work
    assert not engine._drafter._readers  # type: ignore[union-attr]


def test_a_draft_model_must_speak_the_same_tokens(tokenizer: Tokenizer) -> None:
    check_draft_tokenizer(tokenizer, tokenizer, "itself")
    other = train_tokenizer(["Completely other words stand here"] * 3, TokenizerSettings(vocab_size=320))
    with pytest.raises(ConfigError, match="small cannot guess"):
        check_draft_tokenizer(tokenizer, other, "small")
