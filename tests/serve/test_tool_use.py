"""Who runs the tools of an answer, and whether a grammar binds it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

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
