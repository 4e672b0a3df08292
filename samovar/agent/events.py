"""What happens while an answer is made, in the order in which a reader should see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from samovar.chat.conversation import Message, ToolCall
from samovar.engine.request import TokenLogprobs

FinishReason = Literal["stop", "length", "tool_calls", "cancelled"]


@dataclass(frozen=True, slots=True)
class Began:
    """The prompt is read, and the answer begins; once an answer."""

    num_prompt_tokens: int
    num_cached_tokens: int
    """Of these, those that did not have to be read, as they were in the engine's cache."""


@dataclass(frozen=True, slots=True)
class ThoughtDelta:
    """The next piece of what the assistant thinks before it says anything."""

    text: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of what the assistant says."""

    text: str
    logprobs: tuple[TokenLogprobs, ...] = ()
    """Of the tokens drawn for it, where they were asked for; the end of the turn and tool calls are left out."""


@dataclass(frozen=True, slots=True)
class CallBegun:
    """The assistant begins to write a call that the caller is to run."""

    index: int
    """Its place among the calls of the answer, from 0 on."""
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CallArguments:
    """The next piece of the arguments of a call that has begun, as JSON text."""

    index: int
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
    """Of all rounds, thoughts and tool calls included."""
    num_cached_tokens: int = 0
    """Of the first prompt, those that did not have to be read, as they were in the engine's cache."""
    stopped_by: str | int | None = None
    """The stop text or token that ended the answer."""
    num_thought_tokens: int = 0
    """Of all rounds, those of thoughts."""
    has_spent_rounds: bool = False
    """Whether it ended, with ``length``, as tools may be called no further in one answer."""


Event = Began | ThoughtDelta | TextDelta | CallBegun | CallArguments | ToolCalled | ToolReturned | Finished
