"""Refusals and failures, in OpenAI's shape and in Anthropic's."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict


class OpenAIError(TypedDict):
    """What went wrong, as OpenAI's clients read it."""

    message: str
    type: str
    param: str | None
    code: str | None


class OpenAIErrorReply(TypedDict):
    """The body of every refusal but those of /v1/messages."""

    error: OpenAIError


class AnthropicError(TypedDict):
    """What went wrong, as Anthropic's clients read it."""

    type: str
    message: str


class AnthropicErrorReply(TypedDict):
    """The body of every refusal of /v1/messages."""

    type: Literal["error"]
    error: AnthropicError
