"""Who runs the tools of an answer, and whether a grammar binds it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from samovar.engine.constraint import Constraint
from samovar.engine.request import Sampling
from samovar.serve.api.tool_use import plan_answer
from samovar.serve.service import Service
from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.scripted import make_tokenizer
from tests.chat.test_call_form import TEMPLATES

WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


def constraint(tokenizer: Tokenizer, **options: Any) -> Constraint | None:
    service = cast(Service, SimpleNamespace(tokenizer=tokenizer))
    sampling, use = plan_answer(service, Sampling(), tools=[WEATHER], **options)
    assert use.is_returned
    return sampling.constraint


def test_the_grammar_is_of_the_familys_form_and_leaves_alone_who_may_call_without_a_mark() -> None:
    ours = make_tokenizer()
    marked, alone = (Tokenizer(ours.to_json(), TEMPLATES[kind]) for kind in ("the name first", "alone"))
    for tokenizer, mark in ((ours, "<tool_call>"), (marked, "[TOOL_CALLS]"), (alone, "parameters")):
        for options in ({"choice": "required"}, {"choice": "auto", "has_format": True}):
            demanded = constraint(tokenizer, **options)
            assert demanded is not None
            assert tokenizer.special_ids.get(mark) is not None or mark in demanded.text
    assert constraint(ours, choice="auto") is not None
    assert constraint(marked, choice="auto") is not None
    assert constraint(alone, choice="auto") is None


@pytest.mark.parametrize("options", [{"tools": [WEATHER], "choice": "none"}, {"tools": None, "choice": "auto"}])
def test_where_nothing_may_be_called_the_token_that_calls_begin_with_is_never_drawn(options: dict[str, Any]) -> None:
    ours = make_tokenizer()
    mark = ours.special_ids["<tool_call>"]
    for tokenizer, bias in (
        (ours, {7: 1.0, mark: -1000.0}),
        (Tokenizer(ours.to_json(), TEMPLATES["tags"]), {7: 1.0, mark: -1000.0}),
        (Tokenizer(ours.to_json(), TEMPLATES["alone"]), {7: 1.0, mark: 100.0}),  # whose calls are JSON without a mark
    ):
        service = cast(Service, SimpleNamespace(tokenizer=tokenizer))
        sampling, use = plan_answer(service, Sampling(logit_bias={7: 1.0, mark: 100.0}), **options)
        assert sampling.logit_bias == bias
        assert not use.offered
        assert not use.tools
