"""Messages in the words of a template that has no form for them: another family's may know neither tools nor system
messages. Calls are then written as text in Hermes form, as our own template writes them, and what the system says
stands before the first question.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from samovar.chat.template import render_plain
from samovar.core.errors import DataError
from samovar.tokenizer.tokenizer import Tokenizer

Plain = dict[str, Any]
"""A message as a template sees it."""

_NAME, _KEY, _SAID = "qzxjq", "jxzqj", "zqjxz"
_CALL = {"id": "call_0", "type": "function", "function": {"name": _NAME, "arguments": {_KEY: 1}}}
_WITH_CALL: list[Plain] = [
    {"role": "user", "content": "?"},
    {"role": "assistant", "content": "", "tool_calls": [_CALL]},
    {"role": "tool", "content": _SAID, "tool_call_id": "call_0", "name": _NAME},
    {"role": "assistant", "content": "!"},
]
_WITH_SYSTEM: list[Plain] = [
    {"role": "system", "content": _SAID},
    {"role": "user", "content": "?"},
    {"role": "assistant", "content": "!"},
]


class Abilities(NamedTuple):
    """What a template has a form for."""

    writes_calls: bool
    takes_system: bool


def fitted(
    messages: Sequence[Plain], tools: Sequence[Mapping[str, Any]], tokenizer: Tokenizer
) -> tuple[list[Plain], list[Mapping[str, Any]]]:
    """Messages and tools as the tokenizer's template can write them; unchanged where it can write all."""
    able = _abilities(tokenizer.chat_template, tuple(sorted(tokenizer.roles.texts.items())))
    fit, left = list(messages), list(tools)
    if not able.writes_calls:
        fit = _with_calls_in_words(fit)
        if left:
            fit, left = _after_system(fit, _listing(left)), []
    return fit if able.takes_system else _without_system(fit), left


@lru_cache(maxsize=8)
def _abilities(template: str, special: tuple[tuple[str, str], ...]) -> Abilities:
    def holds(messages: list[Plain], *words: str) -> bool:
        try:
            text = render_plain(
                messages, template=template, tools=[], add_generation_prompt=False, special=dict(special)
            )
        except DataError:
            return False
        return all(word in text for word in words)

    return Abilities(holds(_WITH_CALL, _NAME, _KEY, _SAID), holds(_WITH_SYSTEM, _SAID))


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
            calls = [_in_words(call["function"]) for call in message["tool_calls"]]
            fit.append({"role": "assistant", "content": "\n".join(filter(None, [message["content"], *calls]))})
        else:
            fit.append(message)
    return fit


def _in_words(function: Mapping[str, Any]) -> str:
    call = {"name": function["name"], "arguments": function["arguments"]}
    return f"<tool_call>\n{json.dumps(call, ensure_ascii=False)}\n</tool_call>"


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
