"""Thoughts that are closed behind so many tokens: as the engine draws them, and as an agent asks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from samovar.agent.agent import Agent
from samovar.chat.conversation import Message
from samovar.engine.constraint import Constraint
from samovar.engine.engine import Engine
from samovar.engine.request import Sampling, ThoughtLimit
from samovar.model.decoder import Decoder
from samovar.tokenizer.tokenizer import Tokenizer
from tests.chat.thinking import MAY_THINK, MUST_THINK, thinking

PROMPT = [40, 41, 42, 40, 41, 99, 7, 12]
OPENING, CLOSING = 60, 61
KINDS = [
    Sampling(temperature=0, max_tokens=12),
    Sampling(temperature=1.0, seed=1, max_tokens=12),
    Sampling(temperature=1.0, seed=2, top_p=0.9, max_tokens=12, logprobs=1),
]


@pytest.mark.parametrize("way", ["native", "eager"])
@pytest.mark.parametrize("sampling", KINDS, ids=["greedy", "drawn", "cut"])
def test_a_thought_ends_behind_so_many_tokens(make_engine: Callable[..., Engine], sampling: Sampling, way: str) -> None:
    engine = make_engine(way=way)
    sampling = replace(sampling, logit_bias={OPENING: -100, CLOSING: -100})  # they would not come by themselves

    def ids(*, is_open: bool, **changes: object) -> list[int]:
        limit = ThoughtLimit(4, OPENING, CLOSING, is_open)
        return engine.generate([PROMPT], replace(sampling, thought_limit=limit, **changes))[0].ids  # type: ignore[arg-type]

    free = engine.generate([PROMPT], sampling)[0].ids
    assert ids(is_open=False) == free
    limited = ids(is_open=True)
    assert limited[:5] == [*free[:4], CLOSING]
    assert CLOSING not in limited[5:]
    begun = ids(is_open=False, prefix_ids=(OPENING, 51))  # of a thought that the answer opens itself
    assert begun.index(CLOSING) == 1 + 4
    longer = ids(is_open=True, prefix_ids=(50, 51, 52, 53, 54, 55))  # it is too long already
    assert longer[6] == CLOSING
    closed = ids(is_open=True, prefix_ids=(50, CLOSING, 51))  # by itself, and early
    assert closed.count(CLOSING) == 1
    spoken_of = ids(is_open=False, prefix_ids=(50, OPENING, 51))  # in the answer's words
    assert CLOSING not in spoken_of


def test_a_grammar_that_has_no_room_for_the_tag_goes_before(make_engine: Callable[..., Engine]) -> None:
    limit = ThoughtLimit(2, OPENING, CLOSING, is_open=True)
    sampling = Sampling(temperature=1.0, seed=3, max_tokens=40, constraint=Constraint.choice(["tea is hot", "tea"]))
    engine = make_engine()
    free, limited = (
        engine.generate([PROMPT], one)[0].text for one in (sampling, replace(sampling, thought_limit=limit))
    )
    assert limited == free
    assert free in {"tea is hot", "tea"}


def test_neighbours_are_none_of_its_business(make_engine: Callable[..., Engine]) -> None:
    engine = make_engine()
    free = Sampling(temperature=0, max_tokens=12)
    limited = replace(free, thought_limit=ThoughtLimit(3, OPENING, CLOSING, is_open=True))
    alone = [engine.generate([PROMPT], one)[0].ids for one in (free, limited)]
    numbers = [engine.add(PROMPT, one) for one in (free, limited)]
    found: dict[int, list[int]] = {number: [] for number in numbers}
    while engine.has_work:
        for delta in engine.step():
            found[delta.request_id] += delta.ids
    assert [found[number] for number in numbers] == alone


@pytest.mark.parametrize("template", [MAY_THINK, MUST_THINK])
def test_an_agent_answers_when_it_has_thought_enough(model: Decoder, tokenizer: Tokenizer, template: str) -> None:
    ours = thinking(tokenizer, template)
    opening, closing = ours.special_ids["<think>"], ours.special_ids["</think>"]
    begins = (opening,) if template == MAY_THINK else ()
    agent = Agent(Engine(model, ours), ours, max_thought_tokens=6)
    sampling = Sampling(temperature=0, max_tokens=30, prefix_ids=begins, logit_bias={closing: -100, opening: -100})
    (answer,) = agent.answer_batch([[Message(role="user", content="tea?")]], sampling)
    assert answer.rounds[0].ids.index(closing) == len(begins) + 6
    said = answer.messages[-1]
    assert said.reasoning_content
    assert said.content
