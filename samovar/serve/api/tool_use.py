"""Who runs the tools of an answer, and what language it is in: the client's tools, or the server's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from samovar.agent.answer import ToolUse
from samovar.agent.call_grammar import call_grammar, can_bind_choice, json_grammar
from samovar.agent.turn import TOOL_CALL_MARK
from samovar.chat.call_form import find_call_form
from samovar.core.errors import RequestError
from samovar.engine.request import Sampling
from samovar.serve.service import Service
from samovar.serve.structured import FIELD, can_follow, demand_constraints
from samovar.tokenizer.tokenizer import Tokenizer


def plan_answer(
    service: Service,
    sampling: Sampling,
    *,
    tools: Sequence[Mapping[str, Any]] | None,
    choice: str | None,
    named: str | None = None,
    is_parallel: bool = True,
    has_format: bool = False,
    schema: Mapping[str, Any] | None = None,
) -> tuple[Sampling, ToolUse]:
    """The sampling with its constraint, and who runs which tools.

    A client that brings tools, or says a word on their choice, gets the calls and runs them; else the server runs its
    own, unless the answer must be JSON, of which a call is none.

    Args:
        service: whose own tools run where the client brings none.
        sampling: as the request says.
        tools: the client's, in OpenAI's form.
        choice: ``auto``, ``none`` or ``required``; None where the request doesn't tell.
        named: the one tool that must be called.
        is_parallel: whether several calls may be made.
        has_format: the answer must be JSON,
        schema: and valid against this, if it is one.
    Raises:
        RequestError: a call is demanded, and there is nothing to call.
    """
    offered = [] if choice == "none" else list(tools or ())
    is_required = choice == "required" or named is not None
    callable_ = [tool for tool in offered if named is None or tool["function"]["name"] == named]
    if is_required and not callable_:
        what = "no tools are given" if named is None else f"there is no tool {named!r} among those given"
        raise RequestError(f"a call is demanded, and {what}", hint="give it in tools", param="tool_choice")
    if sampling.constraint is not None and (callable_ or has_format):
        raise RequestError(
            f"{FIELD} is given, and {'response_format' if has_format else 'tools'} as well",
            hint="say in one way only what the answer may be",
            param=FIELD,
        )
    if is_required or has_format:
        demand_constraints("response_format" if has_format else "tool_choice")
    is_bound = is_required or has_format or can_bind_choice(service.tokenizer)
    if callable_ and not (is_bound and can_follow()):
        return sampling, ToolUse(offered=offered, is_returned=True, max_rounds=1)
    if callable_:
        constraint = call_grammar(
            callable_,
            service.tokenizer,
            is_required=is_required,
            is_parallel=is_parallel and named is None,
            schema=({"type": "object"} if schema is None else schema) if has_format else None,
        )
        use = ToolUse(offered=offered, is_returned=True, max_rounds=1)
        return replace(sampling, constraint=constraint), use
    if has_format:
        return replace(sampling, constraint=json_grammar(schema, service.tokenizer)), ToolUse(max_rounds=1)
    if tools or choice is not None:
        return _without_calls(sampling, service.tokenizer), ToolUse(max_rounds=1)
    return sampling, service.own_tools()


def _without_calls(sampling: Sampling, tokenizer: Tokenizer) -> Sampling:
    """Never to draw the token that calls begin with, if there is one: a call that nobody runs leaves no answer."""
    form = find_call_form(tokenizer)
    opening = tokenizer.special_ids.get(TOOL_CALL_MARK if form is None else form.opening.strip())
    return sampling if opening is None else replace(sampling, logit_bias={**sampling.logit_bias, opening: -1000.0})
