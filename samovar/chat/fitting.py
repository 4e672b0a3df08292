"""Messages in the words of a template that has no form for them: another family's may know neither tools nor system
messages, but one call a turn, or only calls with ids of its own making. Calls that it has no form for are written as
text in Hermes form, as our own template writes them, what the system says stands before the first question, and what
the assistant thinks in tags before what it says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from samovar.chat.template import render_plain
from samovar.chat.thought import ThoughtForm, thought_form
from samovar.core.errors import DataError
from samovar.tokenizer.tokenizer import Tokenizer

Plain = dict[str, Any]
"""A message as a template sees it."""

_SHORT = 9
"""Letters and digits of an id as Mistral's templates ask for it."""
NAME, KEY, _SAID = "qzxjq", "jxzqj", "zqjxz"
"""Of the call with which a template is tried: its tool and its one argument, which is 1."""
ID = r"qzjxqzjx\d"
"""Finds the ids of such calls, which are as Mistral asks for them."""
_TOOL = {
    "type": "function",
    "function": {
        "name": "another",
        "description": "?",
        "parameters": {
            "type": "object",
            "properties": {"what": {"type": "string", "description": "?"}},
            "required": [],
        },
    },
}
"""Some templates have a form for calls only where tools are listed."""


def _with_calls(number: int, *, ids: str = "call_") -> list[Plain]:
    function = {"name": NAME, "arguments": {KEY: 1}}
    calls = [{"id": f"{ids}{one}", "type": "function", "function": function} for one in range(number)]
    results = [{"role": "tool", "content": _SAID, "tool_call_id": call["id"], "name": NAME} for call in calls]
    called = {"role": "assistant", "content": "", "tool_calls": calls}
    return [{"role": "user", "content": "?"}, called, *results, {"role": "assistant", "content": "!"}]


_WITH_SYSTEM: list[Plain] = [
    {"role": "system", "content": _SAID},
    {"role": "user", "content": "?"},
    {"role": "assistant", "content": "!"},
]


_WITH_THOUGHT: list[Plain] = [
    {"role": "user", "content": "?"},
    {"role": "assistant", "content": "!", "reasoning_content": _SAID},
]


class Abilities(NamedTuple):
    """What a template has a form for."""

    as_it_takes_calls: Callable[[Sequence[Plain]], list[Plain]] | None
    """Messages with calls as it asks for them; None where it has no form for calls."""
    takes_system: bool
    takes_several_calls: bool
    """In one turn; Llama 3 makes but one."""
    writes_thoughts: bool


def fitted(
    messages: Sequence[Plain], tools: Sequence[Mapping[str, Any]], tokenizer: Tokenizer
) -> tuple[list[Plain], list[Mapping[str, Any]]]:
    """Messages and tools as the tokenizer's template can write them; unchanged where it can write all."""
    able = _abilities(tokenizer.chat_template, tuple(sorted(tokenizer.roles.texts.items())), has_tools=bool(tools))
    fit, left = list(messages), list(tools)
    if not able.writes_thoughts:
        fit = list(_with_thoughts_in_words(fit, thought_form(tokenizer)))
    if able.as_it_takes_calls is None:
        fit = _with_calls_in_words(fit)
        if left:
            fit, left = _after_system(fit, _listing(left)), []
    else:
        fit = able.as_it_takes_calls(fit if able.takes_several_calls else list(_one_call_a_turn(fit)))
    return fit if able.takes_system else _without_system(fit), left


def write_call(template: str, special: tuple[tuple[str, str], ...], header: str, *, number: int = 1) -> str | None:
    """What the template writes of a turn that is ``number`` calls; None where it has no form for it.

    ``header`` stands before the turn, or is empty where nothing is known to.
    """
    called = _with_calls(number, ids=ID.removesuffix(r"\d"))[:2]
    for tools in ([], [_TOOL]):
        able = _abilities(template, special, has_tools=bool(tools))
        if able.as_it_takes_calls is None:
            continue
        messages = able.as_it_takes_calls(called)
        try:
            prompt, whole = (
                render_plain(some, template=template, tools=tools, add_generation_prompt=asks, variables=dict(special))
                for some, asks in ((messages[:1], True), (messages, False))
            )
        except DataError:  # it wants a result behind each call
            continue
        return whole.partition(header)[2] if header and header in whole else whole.removeprefix(prompt)
    return None


@lru_cache(maxsize=16)
def _abilities(template: str, special: tuple[tuple[str, str], ...], *, has_tools: bool) -> Abilities:
    def holds(messages: list[Plain], *words: str) -> bool:
        tools = [_TOOL] if has_tools else []
        try:
            text = render_plain(
                messages, template=template, tools=tools, add_generation_prompt=False, variables=dict(special)
            )
        except DataError:
            return False
        return all(word in text for word in words)

    one, several = _with_calls(1), _with_calls(2)
    ways = (list, _with_short_ids, _with_arguments_in_words)
    way = next((way for way in ways if holds(way(one), NAME, KEY, _SAID)), None)
    return Abilities(
        way,
        holds(_WITH_SYSTEM, _SAID),
        way is not None and holds(way(several), NAME),
        holds(_WITH_THOUGHT, _SAID),
    )


def _with_thoughts_in_words(messages: Sequence[Plain], form: ThoughtForm) -> Iterator[Plain]:
    """Thoughts about the last question before what was said of it; of earlier ones just what was said.

    So do the templates of families that think.
    """
    last = max((place for place, message in enumerate(messages) if message["role"] == "user"), default=-1)
    for place, message in enumerate(messages):
        thought = message.get("reasoning_content")
        if not thought:
            yield message
            continue
        others = {name: value for name, value in message.items() if name != "reasoning_content"}
        told = f"{form.opening}\n{thought}\n{form.closing}\n\n" if place > last else ""
        yield {**others, "content": told + message["content"]}


def _with_calls_in_words(messages: Sequence[Plain]) -> list[Plain]:
    """Calls as text of the assistant; results, those of several calls together, as a turn of the user."""
    fit: list[Plain] = []
    for number, message in enumerate(messages):
        if message["role"] == "tool":
            text = f"<tool_response>\n{message['content']}\n</tool_response>"
            if number and messages[number - 1]["role"] == "tool":
                fit[-1] = {"role": "user", "content": f"{fit[-1]['content']}\n{text}"}
            else:
                fit.append({"role": "user", "content": text})
        elif message.get("tool_calls"):
            calls = [in_words(call["function"]) for call in message["tool_calls"]]
            fit.append({"role": "assistant", "content": "\n".join(filter(None, [message["content"], *calls]))})
        else:
            fit.append(message)
    return fit


def in_words(function: Mapping[str, Any]) -> str:
    """A call in Hermes form, of its name and its arguments."""
    call = {"name": function["name"], "arguments": function["arguments"]}
    return f"<tool_call>\n{json.dumps(call, ensure_ascii=False)}\n</tool_call>"


def _one_call_a_turn(messages: Sequence[Plain]) -> Iterator[Plain]:
    """Several calls of a turn one after another, each with its result behind it."""
    waiting: list[Plain] = []
    for message in messages:
        if message["role"] == "tool":
            its = [turn for turn in waiting if turn["tool_calls"][0]["id"] == message.get("tool_call_id")]
            for turn in its or waiting[:1]:
                waiting.remove(turn)
                yield turn
            yield message
            continue
        yield from waiting
        waiting = [
            {**message, "content": "" if place else message["content"], "tool_calls": [call]}
            for place, call in enumerate(message.get("tool_calls", []))
        ]
        if not waiting:
            yield message
    yield from waiting


def _with_arguments_in_words(messages: Sequence[Plain]) -> list[Plain]:
    """As DeepSeek's templates take them, and OpenAI writes them."""
    fit = []
    for message in messages:
        if message.get("tool_calls"):
            functions = [call["function"] for call in message["tool_calls"]]
            words = [{**one, "arguments": json.dumps(one["arguments"], ensure_ascii=False)} for one in functions]
            calls = [{**call, "function": one} for call, one in zip(message["tool_calls"], words, strict=True)]
            message = {**message, "tool_calls": calls}
        fit.append(message)
    return fit


def _with_short_ids(messages: Sequence[Plain]) -> list[Plain]:
    """As Mistral's templates take them: nine letters and digits."""
    fit = []
    for message in messages:
        if "tool_call_id" in message:
            message = {**message, "tool_call_id": _short(message["tool_call_id"])}
        if message.get("tool_calls"):
            calls = [{**call, "id": _short(call["id"])} for call in message["tool_calls"]]
            message = {**message, "tool_calls": calls}
        fit.append(message)
    return fit


def _short(identity: str) -> str:
    if len(identity) == _SHORT and identity.isalnum():
        return identity
    return hashlib.blake2s(identity.encode(errors="replace")).hexdigest()[:_SHORT]


def _listing(tools: Sequence[Mapping[str, Any]]) -> str:
    listed = "\n".join(json.dumps(tool, ensure_ascii=False) for tool in tools)
    how = '<tool_call>\n{"name": its name, "arguments": {its arguments}}\n</tool_call>'
    return f"# Tools\n<tools>\n{listed}\n</tools>\nTo use one, write:\n{how}"


def _after_system(messages: Sequence[Plain], text: str) -> list[Plain]:
    """With ``text`` behind what the system says."""
    if messages and messages[0]["role"] == "system":
        return [{"role": "system", "content": f"{messages[0]['content']}\n\n{text}"}, *messages[1:]]
    return [{"role": "system", "content": text}, *messages]


def _without_system(messages: Sequence[Plain]) -> list[Plain]:
    """What the system says stands before the first question, or is one where there is none."""
    if not messages or messages[0]["role"] != "system":
        return list(messages)
    said, *others = messages
    if others and others[0]["role"] == "user":
        first = {**others[0], "content": f"{said['content']}\n\n{others[0]['content']}"}
        return [first, *others[1:]]
    return [{"role": "user", "content": said["content"]}, *others]
