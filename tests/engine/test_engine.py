from __future__ import annotations

import copy
import random
from collections.abc import Callable

import pytest
import torch

from samovar.core.errors import BusyError, ConfigError, RequestError, ResourceError
from samovar.engine.engine import Engine
from samovar.engine.forward import Way
from samovar.engine.request import Completion, Delta, Sampling
from samovar.model.decoder import Decoder
from samovar.tokenizer.tokenizer import Tokenizer

MakeEngine = Callable[..., Engine]

GREEDY = Sampling(temperature=0, max_tokens=20)


def random_prompts(count: int, seed: int = 0, longest: int = 60) -> list[list[int]]:
    rng = random.Random(seed)
    return [[rng.randrange(300) for _ in range(rng.randrange(1, longest))] for _ in range(count)]


def run(engine: Engine) -> dict[int, Completion]:
    parts: dict[int, list[Delta]] = {}
    while engine.has_work:
        for delta in engine.step():
            parts.setdefault(delta.request_id, []).append(delta)
    return {request: Completion.of(*deltas) for request, deltas in parts.items()}


def assert_idle(engine: Engine) -> None:
    assert not engine.has_work
    assert engine.num_running == engine.num_waiting == 0
    assert not engine._sequences
    engine.check_blocks()
    assert engine.cache_use == 0


def test_greedy_equals_the_model_without_a_cache(make_engine: MakeEngine, model: Decoder, tokenizer: Tokenizer) -> None:
    for prompt in random_prompts(4):
        ids = list(prompt)
        for _ in range(20):
            ids.append(int(model(torch.tensor([ids]))[0, -1, : tokenizer.vocab_size].argmax()))
            if ids[-1] in (tokenizer.eos_id, tokenizer.document_end_id):
                break
        assert make_engine().generate([prompt], GREEDY)[0].ids == ids[len(prompt) :]


@pytest.mark.parametrize("options", [{}, {"prefill_tokens": 16}, {"prefill_tokens": 1}, {"max_batch": 7}])
@pytest.mark.parametrize(
    "sampling", [GREEDY, Sampling(temperature=0.9, seed=3, max_tokens=20), Sampling(top_p=0.8, seed=4, max_tokens=12)]
)
def test_batched_and_chunked_equal_alone(make_engine: MakeEngine, options: dict[str, int], sampling: Sampling) -> None:
    prompts = random_prompts(9)
    together = make_engine(**options).generate(prompts, sampling)
    for number, prompt in enumerate(prompts):
        seed = None if sampling.seed is None else sampling.seed + number
        one = Sampling(sampling.temperature, sampling.top_p, sampling.top_k, seed, sampling.max_tokens)
        assert make_engine(max_batch=1).generate([prompt], one) == [together[number]]


def test_a_conversation_that_goes_on_reads_only_what_is_new(make_engine: MakeEngine, model: Decoder) -> None:
    engine = make_engine()
    read: list[int] = []
    whole_hidden = model.hidden

    def counting(tokens: torch.Tensor, **options: object) -> torch.Tensor:
        read.append(tokens.numel())
        return whole_hidden(tokens, **options)  # type: ignore[arg-type]

    prompt = random_prompts(1, seed=5)[0][:40] + list(range(30))
    first = engine.generate([prompt], Sampling(temperature=0, max_tokens=4))[0]
    longer = [*prompt, *first.ids, 17, 18, 19]
    others = [list(range(100, 130)), list(range(200, 230))]
    model.hidden = counting  # type: ignore[method-assign]
    try:
        answers = engine.generate([others[0], longer, others[1]], Sampling(temperature=0, max_tokens=5))
    finally:
        del model.hidden
    assert read[0] == 30 + len(longer) % 16 + 30  # of the long one, what is not in a full block
    assert answers[1] == make_engine().generate([longer], Sampling(temperature=0, max_tokens=5))[0]


def test_streamed_text_equals_the_text_of_the_whole(make_engine: MakeEngine, tokenizer: Tokenizer) -> None:
    prompts = random_prompts(6, seed=2)
    sampling = Sampling(temperature=1.0, seed=11, max_tokens=30)
    engine = make_engine()
    streamed = {engine.add(prompt, sampling): prompt for prompt in prompts}
    for request, answer in run(engine).items():
        assert answer == make_engine().generate([streamed[request]], sampling)[0]
        ends = (tokenizer.eos_id, tokenizer.document_end_id)
        assert answer.text == tokenizer.decode([token for token in answer.ids if token not in ends])
    assert_idle(engine)


def test_a_stop_text_ends_the_answer_and_does_not_leak(make_engine: MakeEngine) -> None:
    prompt = random_prompts(1, seed=3)[0]
    text = make_engine().generate([prompt], GREEDY)[0].text
    stop = text[5:8]
    expected = text[: text.index(stop)]
    sampling = Sampling(temperature=0, max_tokens=20, stop=("never there", stop))
    engine = make_engine()
    request = engine.add(prompt, sampling)
    answer = run(engine)[request]
    assert (answer.text, answer.finish_reason) == (expected, "stop")
    assert engine.generate([prompt], sampling)[0] == answer


def test_the_end_of_turn_ends_the_answer(make_engine: MakeEngine, model: Decoder, tokenizer: Tokenizer) -> None:
    class Ending(Decoder):
        def head(self, hidden: torch.Tensor) -> torch.Tensor:
            logits = torch.zeros(*hidden.shape[:-1], self.settings.vocab_size)
            logits[..., tokenizer.eos_id] = 1.0
            logits[..., tokenizer.vocab_size :] = 2.0  # padding of the table, which must never be drawn
            return logits

    ending = Ending(model.settings).eval()
    answer = Engine(ending, tokenizer).generate([[1, 2]], GREEDY)[0]
    assert answer == Completion([tokenizer.eos_id], "", "stop")


def test_limits_end_the_answer(make_engine: MakeEngine) -> None:
    engine = make_engine(max_context=40)
    short, long = engine.generate([[5] * 3, [5] * 39], Sampling(temperature=0, max_tokens=7))
    assert len(short.ids) == 7
    assert len(long.ids) == 1
    assert {short.finish_reason, long.finish_reason} == {"length"}
    for prompt, code in (([5] * 40, "context_length_exceeded"), ([], "invalid_value"), ([384], "invalid_value")):
        with pytest.raises(RequestError) as caught:
            engine.add(prompt)
        assert caught.value.code == code
    assert_idle(engine)


def test_a_full_queue_refuses(make_engine: MakeEngine) -> None:
    engine = make_engine(max_batch=1, max_waiting=2)
    engine.add([1], GREEDY)
    engine.step()
    engine.add([2], GREEDY)
    engine.add([3], GREEDY)
    with pytest.raises(BusyError, match="2 requests"):
        engine.add([4], GREEDY)
    with pytest.raises(BusyError, match="other requests"):
        engine.generate([[4]], GREEDY)
    engine.cancel_all()
    assert_idle(engine)


def test_prompts_of_which_one_is_refused_leave_nothing_behind(make_engine: MakeEngine) -> None:
    engine = make_engine(max_context=64)
    with pytest.raises(RequestError, match="end within prefix_ids"):  # of the second: it has no room for them
        engine.generate([[70] * 10, [70] * 60], Sampling(temperature=0, max_tokens=20, prefix_ids=(70, 71, 72, 73, 74)))
    assert_idle(engine)
    engine.generate([[70]], GREEDY)


def test_a_cache_that_does_not_fit_is_refused_before_it_is_made(make_engine: MakeEngine) -> None:
    with pytest.raises(ResourceError, match="free") as caught:
        make_engine(cache_tokens=10**13)
    assert "max_context" in str(caught.value.hint)


@pytest.mark.parametrize("seed", range(4))
def test_random_traffic_with_cancels_leaks_nothing_and_disturbs_nobody(make_engine: MakeEngine, seed: int) -> None:
    rng = random.Random(seed)
    engine = make_engine(max_batch=rng.choice((2, 5, 12)), prefill_tokens=rng.choice((16, 64)))
    prompts = random_prompts(30, seed=seed, longest=50)
    prompts += [[*prompts[rng.randrange(30)][:40], 9, 8] for _ in range(10)]  # beginnings that can be reused
    rng.shuffle(prompts)
    live: set[int] = set()
    cancelled: set[int] = set()
    prompt_of: dict[int, tuple[list[int], Sampling]] = {}
    parts: dict[int, list[Delta]] = {}
    while prompts or engine.has_work:
        for _ in range(rng.randrange(3)):
            if prompts:
                sampling = Sampling(
                    temperature=rng.choice((0, 0.8)), seed=len(prompts), max_tokens=rng.randrange(1, 25)
                )
                prompt = prompts.pop()
                request = engine.add(prompt, sampling)
                live.add(request)
                prompt_of[request] = (prompt, sampling)
        if live and rng.random() < 0.15:
            request = rng.choice(sorted(live))
            engine.cancel(request)
            engine.cancel(request)
            cancelled.add(request)
        for delta in engine.step():
            assert delta.request_id in live
            parts.setdefault(delta.request_id, []).append(delta)
            if delta.finish_reason is not None:
                live.discard(delta.request_id)
                assert (delta.finish_reason == "cancelled") == (delta.request_id in cancelled)
    assert not live
    assert_idle(engine)
    for request, (prompt, sampling) in prompt_of.items():
        ids = [token for delta in parts[request] for token in delta.ids]
        alone = make_engine(max_batch=1).generate([prompt], sampling)[0].ids
        assert ids == (alone[: len(ids)] if request in cancelled else alone)


@pytest.mark.parametrize("way", ["eager", "auto"])
def test_other_weights_answer_as_in_an_engine_of_their_own(model: Decoder, tokenizer: Tokenizer, way: Way) -> None:
    other = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(1.1)
    prompts = random_prompts(3, longest=50)
    first, second = (Engine(one, tokenizer, max_batch=4, way=way).generate(prompts, GREEDY) for one in (model, other))
    engine = Engine(model, tokenizer, max_batch=4, way=way)
    found = [engine.generate(prompts, GREEDY)]
    for weights in (other, model):
        engine.take_weights(weights)
        found.append(engine.generate(prompts, GREEDY))
    assert found == [first, second, first]
    assert first != second
    assert_idle(engine)


def test_requests_that_were_cancelled_are_in_nobodys_way_though_no_step_has_told_of_them(
    make_engine: MakeEngine, model: Decoder
) -> None:
    engine, prompts = make_engine(max_batch=1), random_prompts(2)
    expected = make_engine().generate(prompts, GREEDY)
    for has_begun in (False, True):
        requests = [engine.add(prompt, GREEDY) for prompt in prompts]
        if has_begun:
            engine.step()
        for request in requests:
            engine.cancel(request)
        engine.take_weights(model)
        assert engine.generate(prompts, GREEDY) == expected
        assert_idle(engine)


def test_other_weights_are_refused_where_they_cannot_be_taken(make_engine: MakeEngine, model: Decoder) -> None:
    engine = make_engine()
    with pytest.raises(ConfigError, match="another shape"):
        engine.take_weights(Decoder(model.settings.model_copy(update={"num_layers": 1})))
    engine.add([1, 2, 3], GREEDY)
    with pytest.raises(BusyError, match="is answering"):
        engine.take_weights(model)
    run(engine)
