"""A tool that the assistant may call: its name, what it takes, and what it answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from samovar.chat.conversation import Message, ToolCall


class Tool(ABC):
    """One tool. It answers with text whatever it is given: a refusal is text too, so that the model can read it."""

    name: ClassVar[str]
    """The name of the file, and the name that the model calls it by."""

    @property
    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """What it does and takes, as the OpenAI API writes it: ``{"type": "function", "function": {…}}``."""

    @abstractmethod
    def run(self, arguments: Mapping[str, Any]) -> str:
        """Answer a call in bounded time and size. Never raises because of ``arguments``: an error is text."""


def run_call(tools: Sequence[Tool], call: ToolCall) -> Message:
    """The tool's turn that answers ``call``; an unknown tool is answered with the names of those there are."""
    for tool in tools:
        if tool.name == call.name:
            return _answer(call, tool.run(call.arguments))
    known = ", ".join(tool.name for tool in tools) or "none"
    return _answer(call, f"error: there is no tool {call.name[:64]!r}; the tools are: {known}")


def _answer(call: ToolCall, text: str) -> Message:
    return Message(role="tool", content=text, tool_call_id=call.id, name=call.name)
