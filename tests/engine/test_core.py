"""The engine's core: blocks shared and given back, prompts read beside answers, memory that does not suffice."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from samovar.core.errors import RequestError
from samovar.core.native.build import SWITCH
from samovar.engine import stepper
from samovar.engine.batch import Batch, Piece, make_batch
from samovar.engine.cache import make_memory
from samovar.engine.choice import choose
from samovar.engine.eager import EagerForward
from samovar.engine.engine import Engine
from samovar.engine.native.native_decoder import objection
from samovar.engine.request import Delta, Sampling
from samovar.model.decoder import Decoder
from samovar.model.settings import DecoderSettings
from samovar.tokenizer.tokenizer import Tokenizer

MakeEngine = Callable[..., Engine]
GREEDY = Sampling(temperature=0, max_tokens=20)
CPU = torch.device("cpu")


def prompts_of(rng: random.Random, count: int, longest: int = 50) -> list[list[int]]:
    """Some begin as others do."""
    prompts = [[rng.randrange(300) for _ in range(rng.randrange(1, longest))] for _ in range(count)]
    return [[*rng.choice(prompts)[:40], 7, number] if number % 3 == 0 else one for number, one in enumerate(prompts)]


class Traffic:
    """Random requests, forks and departures; every step is checked."""

    def __init__(self, engine: Engine, rng: random.Random, temperatures: tuple[float, ...] = (0, 0.8)) -> None:
        self.engine, self.rng, self.temperatures = engine, rng, temperatures
        self.asked: dict[int, tuple[list[int], Sampling]] = {}
        self.parts: dict[int, list[Delta]] = {}
        self.live: set[int] = set()
        self.cancelled: set[int] = set()

    def add(self, prompt: list[int]) -> None:
        sampling = Sampling(
            temperature=self.rng.choice(self.temperatures), seed=len(self.asked), max_tokens=self.rng.randrange(1, 40)
        )
        self._note(self.engine.add(prompt, sampling), prompt, sampling)

    def fork(self) -> None:
        request = self.rng.choice(sorted(self.live))
        parent = self.engine._sequences[request]
        said = tuple(parent.ids[parent.prompt_length :])
        temperature = max(self.temperatures)
        sampling = Sampling(temperature=temperature, seed=1000 + len(self.asked), max_tokens=len(said) + 9)
        child = self.engine.fork(request, sampling)
        self._note(child, self.asked[request][0], replace(sampling, prefix_ids=said))

    def leave(self) -> None:
        request = self.rng.choice(sorted(self.live))
        self.engine.cancel(request)
        self.cancelled.add(request)

    def step(self) -> None:
        for delta in self.engine.step():
            self.parts.setdefault(delta.request_id, []).append(delta)
            if delta.finish_reason is not None:
                self.live.remove(delta.request_id)
        self.engine.check_blocks()

    def said(self, request: int) -> list[int]:
        return [token for delta in self.parts[request] for token in delta.ids]

    def _note(self, request: int, prompt: list[int], sampling: Sampling) -> None:
        self.asked[request] = (prompt, sampling)
        self.live.add(request)


def run_traffic(engine: Engine, rng: random.Random, temperatures: tuple[float, ...] = (0, 0.8)) -> Traffic:
    """Requests that come, fork and leave at random, until none is left."""
    traffic = Traffic(engine, rng, temperatures)
    prompts = prompts_of(rng, 14)
    while prompts or engine.has_work:
        if prompts and rng.random() < 0.7:
            traffic.add(prompts.pop())
        if traffic.live and rng.random() < 0.15:
            traffic.fork()
        if traffic.live and rng.random() < 0.1:
            traffic.leave()
        traffic.step()
    assert not traffic.live
    assert engine.cache_use == 0
    return traffic


def assert_as_alone(traffic: Traffic, alone: Engine) -> None:
    """Every answer is what it would be without neighbours; of those who left, the beginning of it."""
    for request, (prompt, sampling) in traffic.asked.items():
        expected = alone.generate([prompt], sampling)[0].ids
        ids = traffic.said(request)
        assert (len(ids) == len(expected)) or request in traffic.cancelled
        assert ids == expected[: len(ids)]


@pytest.mark.parametrize("seed", range(4))
def test_random_traffic_leaks_no_block_and_disturbs_nobody(make_engine: MakeEngine, seed: int) -> None:
    rng = random.Random(seed)
    options = {
        "max_batch": rng.choice((2, 5, 12)),
        "prefill_tokens": rng.choice((5, 16, 64)),
        "cache_tokens": rng.choice((96, 160, 400)),
    }
    assert_as_alone(run_traffic(make_engine(**options), rng), make_engine(max_batch=1))


@pytest.mark.parametrize("seed", range(3))
def test_steps_that_are_begun_before_their_tokens_are_known_disturb_nobody(make_engine: MakeEngine, seed: int) -> None:
    engine = make_engine(max_batch=(2, 5, 12)[seed], prefill_tokens=16, cache_tokens=(96, 160, 400)[seed])
    stepper: Any = engine._stepper
    stepper.runs_ahead, begun, forward = True, [0], stepper.forward.greedy

    def counting(batch: Batch, num_ids: int) -> torch.Tensor:
        begun[0] += batch.device_token_N is not None
        # What a GPU alone knows is not read here.
        sent = batch if batch.device_token_N is None else replace(batch, token_N=torch.full_like(batch.token_N, 7))
        return forward(sent, num_ids)

    stepper.forward.greedy = counting
    assert_as_alone(run_traffic(engine, random.Random(seed), temperatures=(0,)), make_engine(max_batch=1))
    assert begun[0]


def test_the_native_way_goes_through_the_same(
    make_engine: MakeEngine, model: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SWITCH, "cached")
    if why := objection(model):
        pytest.skip(why)
    engine = make_engine(max_batch=12, prefill_tokens=16, cache_tokens=96, way="native")
    traffic = run_traffic(engine, random.Random(3))
    assert engine.num_preempted > 0
    assert_as_alone(traffic, make_engine(max_batch=1))


def test_beside_the_native_step_torch_chooses_on_one_thread(
    make_engine: MakeEngine, model: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SWITCH, "cached")
    if why := objection(model):
        pytest.skip(why)
    seen: set[int] = set()

    def watched(*arguments: Any, **options: Any) -> None:
        seen.add(torch.get_num_threads())
        choose(*arguments, **options)

    monkeypatch.setattr(stepper, "choose", watched)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        make_engine(way="native").generate([[3, 5, 7]], Sampling(temperature=1.0, seed=1, max_tokens=4))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert seen == {1}


def test_when_memory_is_short_the_last_wait_and_all_get_what_they_would_alone(make_engine: MakeEngine) -> None:
    prompts = [[number, 3, 5] * 5 for number in range(8)]
    sampling = Sampling(temperature=0.9, seed=5, max_tokens=60)
    engine = make_engine(max_batch=8, cache_tokens=160)
    finished: list[int] = []
    answers = engine.generate(prompts, sampling, on_finish=finished.append)
    assert engine.num_preempted > 0
    assert answers == make_engine(max_batch=8).generate(prompts, sampling)
    engine.check_blocks()
    lengths = [len(answer.ids) for answer in answers]
    # Whoever came first is never interrupted: it ends after as many steps as its answer has tokens.
    assert all(lengths[earlier] < lengths[0] for earlier in finished[: finished.index(0)])


def test_the_first_is_never_interrupted_however_many_come(make_engine: MakeEngine) -> None:
    engine = make_engine(max_batch=6, cache_tokens=96)
    first = engine.add([1, 2, 3], Sampling(temperature=0, max_tokens=80))
    engine.step()
    sequence = engine._sequences[first]
    steps = 1
    while first in engine._sequences:
        if engine.num_waiting < 4:
            engine.add([steps, 9] * 8, Sampling(temperature=0, max_tokens=70))
        before = sequence.num_cached
        engine.step()
        steps += 1
        assert sequence.num_cached == before + 1 or sequence.finish_reason is not None
    engine.cancel_all()
    engine.check_blocks()


def tokens_read(engine: Engine, work: Callable[[], Any]) -> int:
    """Tokens that forward passes computed meanwhile."""
    forward = engine._stepper.forward
    counted, whole = [0], forward.hidden

    def counting(batch: Any) -> torch.Tensor:
        counted[0] += len(batch.token_N)
        return whole(batch)

    forward.hidden = counting  # type: ignore[method-assign]
    try:
        work()
    finally:
        del forward.hidden
    return counted[0]


def test_answers_to_one_prompt_read_it_once(make_engine: MakeEngine) -> None:
    engine, prompt = make_engine(max_batch=8), [*range(100, 150)]
    sampling = Sampling(temperature=1.0, seed=1, max_tokens=4)
    answers: list[Any] = []
    num_read = tokens_read(engine, lambda: answers.extend(engine.generate([prompt] * 6, sampling)))
    # 50 tokens once, of 48 in full blocks; the last 2 for each of the others, and 3 of every answer.
    assert num_read <= 50 + 5 * 2 + 6 * 3
    apart = [make_engine().generate([prompt], replace(sampling, seed=1 + number))[0] for number in range(6)]
    assert answers == apart


def test_who_asks_for_a_known_prompt_is_told_how_much_was_known(make_engine: MakeEngine) -> None:
    engine, prompt = make_engine(), [*range(100, 150)]
    first_deltas = []
    for _ in range(2):
        engine.add(prompt, GREEDY)
        first_deltas.append(next(delta for delta in engine.step() if delta.ids))
        while engine.has_work:
            engine.step()
    assert [delta.num_cached for delta in first_deltas] == [0, 48]
    engine.forget_prefixes()
    assert tokens_read(engine, lambda: engine.generate([prompt], replace(GREEDY, max_tokens=1))) == 50


def test_the_check_finds_a_lost_block(make_engine: MakeEngine) -> None:
    engine = make_engine()
    engine._scheduler.pool.take()
    with pytest.raises(AssertionError, match="holders"):
        engine.check_blocks()


def test_a_fork_shares_what_was_said_until_one_writes(make_engine: MakeEngine) -> None:
    engine = make_engine()
    parent = engine.add([*range(30)], Sampling(temperature=0, max_tokens=40))
    for _ in range(6):
        engine.step()
    held = engine.cache_use
    children = [engine.fork(parent, Sampling(temperature=1.0, seed=seed, max_tokens=30)) for seed in range(2)]
    assert engine.cache_use == held
    family = [engine._sequences[request] for request in (parent, *children)]
    assert family[0].blocks == family[1].blocks == family[2].blocks
    engine.step()
    engine.check_blocks()
    last_blocks = {one.blocks[-1] for one in family}
    assert len(last_blocks) == 3  # 35 tokens: the third block was shared while it was partly filled
    assert len({one.blocks[0] for one in family}) == 1
    with pytest.raises(RequestError, match="not live"):
        engine.fork(99, GREEDY)


@pytest.mark.parametrize("form", ["bfloat16", "int8"])
def test_smaller_keys_and_values_depend_on_nothing_but_the_text(make_engine: MakeEngine, form: str) -> None:
    rng = random.Random(3)
    prompts = prompts_of(rng, 6)
    together = make_engine(cache_form=form, prefill_tokens=16).generate(prompts, GREEDY)
    for prompt, answer in zip(prompts, together, strict=True):
        assert make_engine(max_batch=1, cache_form=form).generate([prompt], GREEDY)[0] == answer


KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "windows": {"window": 20, "windowed_layers": (0,), "local_rope_theta": 500.0},
    "alibi": {"position": "alibi", "qk_norm": False},
    "learned": {"position": "learned", "position_offset": 2},
    "softcap": {"score_softcap": 2.0},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("most_positions", [0, 10_000])
def test_a_mixed_batch_computes_what_the_decoder_does(kind: str, most_positions: int) -> None:
    settings = DecoderSettings(
        vocab_size=64,
        hidden_size=32,
        intermediate_size=48,
        num_layers=2,
        num_heads=4,
        num_kv_heads=2,
        head_dim=16,
        max_positions=128,
        **KINDS[kind],
    )
    torch.manual_seed(3)
    model = Decoder(settings).eval()
    with torch.inference_mode():
        for parameter in model.parameters():
            parameter.normal_(0.0 if parameter.ndim > 1 else 1.0, 0.3)
        memory = make_memory(settings, 40, form="plain", dtype=torch.float32, device=CPU)
        forward = EagerForward(model, memory)
        assert forward._rows is not None
        forward._rows._most_positions = most_positions
        rng = random.Random(1)
        texts = [[rng.randrange(64) for _ in range(length)] for length in (70, 45, 61, 33)]
        tables = [rng.sample(range(1 + 10 * row, 11 + 10 * row), 5) for row in range(4)]
        whole = [model.hidden(torch.tensor([text]))[0] for text in texts]
        done = [0, 0, 0, 0]
        while any(at < len(text) for at, text in zip(done, texts, strict=True)):
            pieces = []
            for row in rng.sample(range(4), 4):
                length = min(rng.choice((0, 1, 1, 1, 2, 23)), len(texts[row]) - done[row])
                if length:
                    tokens = texts[row][done[row] : done[row] + length]
                    pieces.append(Piece(row, tokens, done[row], tables[row], range(length)))
                    done[row] += length
            if pieces:
                found = forward.hidden(make_batch(pieces))
                expected = [whole[one.sequence_id][one.start : one.start + len(one.tokens)] for one in pieces]
                torch.testing.assert_close(found, torch.cat(expected), atol=2e-4, rtol=2e-4)


def test_reading_a_prompt_holds_nobody_up(make_engine: MakeEngine, tokenizer: Tokenizer) -> None:
    engine = make_engine(prefill_tokens=8)
    speaker = engine.add([1, 2], Sampling(temperature=0, max_tokens=20))
    engine.step()
    engine.add([*range(80)], GREEDY)
    for _ in range(8):  # the prompt takes ten steps
        deltas = engine.step()
        assert [len(delta.ids) for delta in deltas if delta.request_id == speaker] == [1]
        assert {delta.request_id for delta in deltas} == {speaker}
