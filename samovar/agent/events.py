"""What happens while an answer is made, in the order in which a reader should see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from samovar.chat.conversation import Message, ToolCall

FinishReason = Literal["stop", "length", "tool_calls", "cancelled"]


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of what the assistant says."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The assistant asks for a tool, which is about to run."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class ToolReturned:
    """A tool has answered."""

    call: ToolCall
    result: Message


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is complete. With ``tool_calls`` the last message holds calls that the caller is to run."""

    finish_reason: FinishReason
    messages: tuple[Message, ...]
    num_prompt_tokens: int
    """Of the first prompt: what tools answered in between is not counted."""
    num_completion_tokens: int
    """Of all rounds, tool calls included."""


Event = TextDelta | ToolCalled | ToolReturned | Finished
