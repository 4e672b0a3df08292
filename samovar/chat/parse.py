"""What a model wrote, read back as a message: its words and its tool calls in Hermes form."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from samovar.chat.conversation import Message, ToolCall, read_arguments, refuse_constant
from samovar.core.errors import DataError

_OPEN = re.compile(r"\n?<tool_call>\s*")
_CLOSE = re.compile(r"\s*</tool_call>")
_DECODER = json.JSONDecoder(parse_constant=refuse_constant)


class _Found(NamedTuple):
    """A call, and where it stands in the text."""

    start: int
    end: int
    name: str
    arguments: dict[str, Any]


def parse_assistant(text: str, *, id_prefix: str = "call_") -> Message:
    """The assistant's message that ``text`` is; what is not a well-formed call stays in its content.

    Calls get the ids ``id_prefix`` and their number: pass another prefix for each turn of a conversation.
    """
    calls = list(_calls(text))
    words = []
    end = 0
    for call in calls:
        words.append(text[end : call.start])
        end = call.end
    words.append(text[end:])
    return Message(
        role="assistant",
        content="".join(words),
        tool_calls=[
            ToolCall(id=f"{id_prefix}{number}", name=call.name, arguments=call.arguments)
            for number, call in enumerate(calls)
        ],
    )


def _calls(text: str) -> Iterator[_Found]:
    place = 0
    while opened := _OPEN.search(text, place):
        call = _call_at(text, opened)
        if call is not None:
            yield call
        place = opened.end() if call is None else call.end


def _call_at(text: str, opened: re.Match[str]) -> _Found | None:
    """The call that ``opened`` begins. JSON says where it ends, so that its texts may contain the closing mark."""
    try:
        value, end = _DECODER.raw_decode(text, opened.end())
        name = value.get("name") if isinstance(value, dict) else None
        if not isinstance(name, str) or not name:
            return None
        arguments = read_arguments(value.get("arguments"), tool=name)
    except (ValueError, RecursionError, DataError):
        return None
    closed = _CLOSE.match(text, end)
    return _Found(opened.start(), closed.end(), name, arguments) if closed else None


def num_begun(text: str, mark: str) -> int:
    """How many letters at the end of ``text`` may be the beginning of ``mark``."""
    return next((length for length in range(len(mark) - 1, 0, -1) if text.endswith(mark[:length])), 0)
