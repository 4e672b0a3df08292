"""Sampling as the engine does it: in batches, in chunks, with company."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from samovar.core.errors import RequestError
from samovar.engine.batch import BLOCK_SIZE
from samovar.engine.constraint import Constraint
from samovar.engine.engine import Engine
from samovar.engine.request import Completion, Delta, Sampling
from samovar.model.decoder import Decoder
from samovar.tokenizer.tokenizer import Tokenizer

MakeEngine = Callable[..., Engine]

PROMPT = [40, 41, 42, 40, 41, 99, 7, 12, 33, 54, 40, 41]
GREEDY = Sampling(temperature=0, max_tokens=20)
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 6},
        "number": {"type": "integer", "minimum": 0, "maximum": 99},
    },
    "required": ["name", "number"],
    "additionalProperties": False,
}
RULES = [
    Sampling(temperature=0.9, seed=1, max_tokens=16, repetition_penalty=1.4),
    Sampling(temperature=1.1, seed=2, max_tokens=16, frequency_penalty=0.8, presence_penalty=0.3, min_p=0.02),
    Sampling(temperature=1.0, seed=3, max_tokens=16, top_k=40, top_p=0.9, logit_bias={65: 3.0}),
    Sampling(temperature=1.0, seed=4, max_tokens=16, min_tokens=8, logprobs=2, prompt_logprobs=1),
    Sampling(temperature=1.0, seed=5, max_tokens=60, constraint=Constraint.json_schema(SCHEMA)),
    Sampling(temperature=0, max_tokens=16, repetition_penalty=1.3, logprobs=0),
    Sampling(temperature=1.0, seed=6, max_tokens=16, prefix_ids=(50, 51, 52), logprobs=1),
    Sampling(temperature=0, max_tokens=9, ignore_eos=True),
]


def answer(engine: Engine, sampling: Sampling, prompt: list[int] = PROMPT) -> Completion:
    return engine.generate([prompt], sampling)[0]


def own_logprobs(model: Decoder, tokenizer: Tokenizer, ids: list[int]) -> torch.Tensor:
    """Row t: of the token after t."""
    return model(torch.tensor([ids]))[0, :, : tokenizer.vocab_size].log_softmax(-1)


def test_seeds_on_both_sides_of_zero_give_different_answers(make_engine: MakeEngine) -> None:
    engine = make_engine()
    answers = [tuple(answer(engine, Sampling(temperature=1.0, seed=seed, max_tokens=12)).ids) for seed in (-1, 0, 1)]
    assert len(set(answers)) == 3


@pytest.mark.parametrize("options", [{}, {"prefill_tokens": 16}, {"max_batch": 2}])
def test_every_rule_gives_the_same_answer_in_any_company(make_engine: MakeEngine, options: dict[str, int]) -> None:
    engine = make_engine(**options)
    requests = {engine.add([*PROMPT, number], sampling): number for number, sampling in enumerate(RULES)}
    parts: dict[int, list[Delta]] = {}
    while engine.has_work:
        for delta in engine.step():
            parts.setdefault(delta.request_id, []).append(delta)
    for request, number in requests.items():
        alone = answer(make_engine(max_batch=1), RULES[number], [*PROMPT, number])
        together = Completion.of(*parts[request])
        assert together.ids == alone.ids
        assert together.text == alone.text
        assert together.finish_reason == alone.finish_reason
        for one, other in zip(
            together.logprobs + together.prompt_logprobs[1:], alone.logprobs + alone.prompt_logprobs[1:], strict=True
        ):
            assert one is not None
            assert other is not None
            assert one.token == other.token
            assert one.logprob == pytest.approx(other.logprob, abs=1e-4)
            assert [token for token, _ in one.top] == [token for token, _ in other.top]


def test_a_repetition_penalty_is_followed_as_transformers_does(
    make_engine: MakeEngine, model: Decoder, tokenizer: Tokenizer
) -> None:
    from transformers.generation.logits_process import RepetitionPenaltyLogitsProcessor

    processor = RepetitionPenaltyLogitsProcessor(1.5)
    ids = list(PROMPT)
    for _ in range(20):
        logits = model(torch.tensor([ids]))[:, -1, : tokenizer.vocab_size]
        ids.append(int(processor(torch.tensor([ids]), logits).argmax()))
        if ids[-1] in tokenizer.stop_ids:
            break
    assert answer(make_engine(), replace(GREEDY, repetition_penalty=1.5)).ids == ids[len(PROMPT) :]
    assert answer(make_engine(), GREEDY).ids != ids[len(PROMPT) :]


def test_logprobs_are_those_of_the_model(make_engine: MakeEngine, model: Decoder, tokenizer: Tokenizer) -> None:
    for options in ({}, {"prefill_tokens": 5}):
        engine = make_engine(**options)
        answer(engine, GREEDY)  # the prompt is in the cache now, and has to be read all the same
        sampling = Sampling(temperature=1.3, seed=1, top_k=30, max_tokens=12, logprobs=3, prompt_logprobs=2)
        found = answer(engine, sampling)
        own = own_logprobs(model, tokenizer, PROMPT + found.ids)
        assert found.prompt_logprobs[0] is None
        told = [*found.prompt_logprobs[1:], *found.logprobs]
        assert [one.token for one in told if one] == (PROMPT + found.ids)[1:]
        for place, one in enumerate(told):
            assert one is not None
            assert one.logprob == pytest.approx(float(own[place, one.token]), abs=1e-4)
            best = own[place].topk(2 if place < len(PROMPT) - 1 else 3)
            assert [token for token, _ in one.top] == best.indices.tolist()
            assert [value for _, value in one.top] == pytest.approx(best.values.tolist(), abs=1e-4)


def test_logprobs_come_with_the_tokens_of_a_stream(make_engine: MakeEngine) -> None:
    engine = make_engine(prefill_tokens=4)
    engine.add(PROMPT, Sampling(temperature=1, seed=3, max_tokens=6, logprobs=1, prompt_logprobs=0, ignore_eos=True))
    deltas = []
    while engine.has_work:
        deltas += engine.step()
    assert len(deltas) == 6
    assert all([one.token for one in delta.logprobs] == delta.ids for delta in deltas)
    assert [one and one.token for one in deltas[0].prompt_logprobs] == [None, *PROMPT[1:]]
    assert not any(delta.prompt_logprobs for delta in deltas[1:])


def test_the_first_delta_says_what_was_in_the_cache(make_engine: MakeEngine) -> None:
    engine = make_engine()
    prompt = PROMPT * 5

    def reused() -> list[int]:
        engine.add(prompt, replace(GREEDY, max_tokens=3))
        deltas: list[Delta] = []
        while engine.has_work:
            deltas += engine.step()
        return [delta.num_cached for delta in deltas]

    assert not any(reused())
    first, *others = reused()
    assert 0 < first < len(prompt)
    assert not any(others)


def test_what_the_grammar_forces_is_not_counted_among_the_cached_tokens_of_the_prompt(make_engine: MakeEngine) -> None:
    engine, constraint = make_engine(), Constraint.json_schema({"const": "самовар и чай " * 3})
    assert len(PROMPT) < BLOCK_SIZE  # the first block is full only with forced tokens
    for expected in (0, len(PROMPT)):
        engine.add(PROMPT, Sampling(temperature=0, max_tokens=70, constraint=constraint))
        deltas: list[Delta] = []
        while engine.has_work:
            deltas += engine.step()
        assert deltas[0].num_cached == expected
        assert deltas[-1].finish_reason == "stop"


def test_stop_tokens_and_texts_say_which_of_them_it_was(make_engine: MakeEngine, tokenizer: Tokenizer) -> None:
    whole = answer(make_engine(), GREEDY)
    token = whole.ids[6]
    first = whole.ids.index(token)
    stopped = answer(make_engine(), replace(GREEDY, stop_token_ids=(token, 10**6)))
    assert stopped.ids == whole.ids[: first + 1]
    assert (stopped.finish_reason, stopped.stopped_by) == ("stop", token)
    assert stopped.text == tokenizer.decode(stopped.ids[:-1])
    word = whole.text[4:7]
    by_text = answer(make_engine(), replace(GREEDY, stop=("nowhere", word)))
    assert (by_text.finish_reason, by_text.stopped_by) == ("stop", word)
    assert whole.stopped_by is None


def test_a_shortest_answer_is_not_ended_before(make_engine: MakeEngine, tokenizer: Tokenizer) -> None:
    pushed = dict.fromkeys(tokenizer.stop_ids, 60.0)
    ending = replace(GREEDY, logit_bias=pushed)
    assert len(answer(make_engine(), ending).ids) == 1
    for least in (1, 5):
        found = answer(make_engine(), replace(ending, min_tokens=least))
        assert len(found.ids) == least + 1
        assert found.finish_reason == "stop"
    whole = answer(make_engine(), GREEDY)
    stops = replace(GREEDY, stop=(whole.text[0], whole.text[-1]), min_tokens=6)
    assert len(answer(make_engine(), stops).ids) >= 6
    token = whole.ids[2]
    assert len(answer(make_engine(), replace(GREEDY, stop_token_ids=(token,), min_tokens=5)).ids) >= 5


def test_ends_of_turn_are_ignored_where_that_is_asked_for(make_engine: MakeEngine, tokenizer: Tokenizer) -> None:
    pushed = {tokenizer.eos_id: 60.0}
    found = answer(make_engine(), replace(GREEDY, logit_bias=pushed, ignore_eos=True, max_tokens=7))
    assert found.ids == [tokenizer.eos_id] * 7
    assert (found.text, found.finish_reason) == ("", "length")


def test_a_forced_beginning_is_part_of_the_answer(
    make_engine: MakeEngine, model: Decoder, tokenizer: Tokenizer
) -> None:
    prefix = tuple(tokenizer.encode("the tea "))
    found = answer(make_engine(), replace(GREEDY, prefix_ids=prefix, logprobs=0))
    assert tuple(found.ids[: len(prefix)]) == prefix
    assert found.text.startswith("the tea ")
    assert len(found.ids) == 20 or found.finish_reason == "stop"
    after = answer(make_engine(), replace(GREEDY, max_tokens=20 - len(prefix)), [*PROMPT, *prefix])
    assert found.ids[len(prefix) :] == after.ids
    own = own_logprobs(model, tokenizer, PROMPT + found.ids)
    for place, one in enumerate(found.logprobs, start=len(PROMPT) - 1):
        assert one.logprob == pytest.approx(float(own[place, one.token]), abs=1e-4)
    assert [one.token for one in found.logprobs] == found.ids
    with pytest.raises(RequestError, match="prefix_ids"):
        make_engine().add(PROMPT, replace(GREEDY, prefix_ids=(5, tokenizer.eos_id)))
    with pytest.raises(RequestError, match="constraint"):
        make_engine().add(PROMPT, replace(GREEDY, prefix_ids=(5,), constraint=Constraint("json_object")))


def test_a_forced_beginning_is_scored_though_it_is_in_the_cache(make_engine: MakeEngine) -> None:
    engine, prompt = make_engine(), PROMPT * 2
    sampling = replace(GREEDY, prefix_ids=tuple(PROMPT), logprobs=1)
    first, second = (answer(engine, sampling, prompt) for _ in range(2))
    assert [one.token for one in first.logprobs] == [one.token for one in second.logprobs] == second.ids
    for one, other in zip(first.logprobs, second.logprobs, strict=True):
        assert one.logprob == pytest.approx(other.logprob, abs=1e-5)


def test_a_fork_tells_how_likely_what_its_parent_said_is(
    make_engine: MakeEngine, model: Decoder, tokenizer: Tokenizer
) -> None:
    engine, prompt = make_engine(), PROMPT * 2
    parent = engine.add(prompt, replace(GREEDY, ignore_eos=True))
    for _ in range(9):
        engine.step()
    child = engine.fork(parent, replace(GREEDY, logprobs=0))
    deltas: list[Delta] = []
    while engine.has_work:
        deltas += [delta for delta in engine.step() if delta.request_id == child]
    found = Completion.of(*deltas)
    own = own_logprobs(model, tokenizer, prompt + found.ids)
    assert [one.token for one in found.logprobs] == found.ids
    for place, one in enumerate(found.logprobs, start=len(prompt) - 1):
        assert one.logprob == pytest.approx(float(own[place, one.token]), abs=1e-4)


@pytest.mark.parametrize("logprobs", [None, 0])
def test_json_by_a_model_that_knows_nothing(
    make_engine: MakeEngine, tokenizer: Tokenizer, logprobs: int | None
) -> None:
    sampling = Sampling(
        temperature=1.0, seed=1, max_tokens=70, constraint=Constraint.json_schema(SCHEMA), logprobs=logprobs
    )
    engine = make_engine()
    steps = 0
    for number in range(8):
        engine.add([*PROMPT[number:], number], replace(sampling, seed=number))
    parts: dict[int, list[Delta]] = {}
    while engine.has_work:
        steps += 1
        for delta in engine.step():
            parts.setdefault(delta.request_id, []).append(delta)
    for deltas in parts.values():
        found = Completion.of(*deltas)
        assert found.finish_reason == "stop"
        value = json.loads(found.text)
        assert 0 <= value["number"] <= 99
        assert len(value["name"]) <= 6
        assert list(value) == ["name", "number"]
        if logprobs is None:
            # '{"name": "' and '", "number": ' and '}' cost no step of their own.
            assert len([delta for delta in deltas if delta.ids]) < len(found.ids) - 5
        else:
            assert [one.token for one in found.logprobs] == found.ids


def test_a_json_answer_that_does_not_fit_is_cut(make_engine: MakeEngine) -> None:
    sampling = Sampling(temperature=0, max_tokens=4, constraint=Constraint.json_schema(SCHEMA))
    found = answer(make_engine(), sampling)
    assert (len(found.ids), found.finish_reason) == (4, "length")
    whole = {"const": "самовар"}
    for most in (1, 2, 50):
        found = answer(make_engine(), replace(sampling, max_tokens=most, constraint=Constraint.json_schema(whole)))
        assert len(found.ids) <= most
        assert (found.finish_reason == "stop") == (found.text == '"самовар"')


def test_a_bad_grammar_is_refused_before_it_waits(make_engine: MakeEngine) -> None:
    engine = make_engine()
    for call in (engine.add, engine.check):
        with pytest.raises(RequestError, match="regular expression") as caught:
            call(PROMPT, Sampling(constraint=Constraint("regex", "(")))
        assert caught.value.code == "invalid_grammar"
    assert not engine.has_work
