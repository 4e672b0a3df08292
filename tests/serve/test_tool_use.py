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

WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
OTHER_FORM = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.tool_calls %}[CALLS]{{ m.tool_calls[0].function.name }}"
    "[WITH]{{ m.tool_calls[0].function.arguments | tojson }}{% else %}{{ m.content }}{% endif %}<|im_end|>{% endfor %}"
    "{{ '<|im_start|>assistant\n' if add_generation_prompt }}"
)


def constraint(tokenizer: Tokenizer, **options: Any) -> Constraint | None:
    service = cast(Service, SimpleNamespace(tokenizer=tokenizer))
    sampling, use = plan_answer(service, Sampling(), tools=[WEATHER], **options)
    assert use.is_returned
    return sampling.constraint


def test_the_grammar_is_of_our_form_and_binds_who_writes_it_or_has_to() -> None:
    ours = make_tokenizer()
    other = Tokenizer(ours.to_json(), OTHER_FORM)
    assert constraint(ours, choice="auto") is not None
    assert constraint(other, choice="auto") is None
    assert constraint(other, choice="required") is not None
    assert constraint(other, choice="auto", has_format=True) is not None
