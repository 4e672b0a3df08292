"""POST /v1/completions: what is asked, and what is answered."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from samovar.serve.shapes.body import MOST_CHOICES, MOST_TOP_LOGPROBS, Billing, Drawing
from samovar.serve.shapes.chat import StreamOptions, Usage

MOST_ANSWERS = 256
"""Of one request: its prompts, times what is drawn for each."""
TokenIds = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]
Texts = Annotated[list[str], Field(min_length=1, max_length=MOST_ANSWERS)]
TokenPrompts = Annotated[list[TokenIds], Field(min_length=1, max_length=MOST_ANSWERS)]


class CompletionRequest(Billing, Drawing):
    """The body of POST /v1/completions."""

    UNSUPPORTED: ClassVar[frozenset[str]] = frozenset({"suffix"})

    model: str
    prompt: str | Texts | TokenIds | TokenPrompts
    """A text, token ids, or a list of either. In a text, the tokenizer's marks are marks."""
    stream: bool | None = None
    """Answer as server-sent events."""
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    """Longest answer, in tokens; 0 with ``echo`` only scores the prompt. 16 where it is left out, as at OpenAI."""
    n: Annotated[int, Field(ge=1, le=MOST_CHOICES)] | None = None
    """Answers to each prompt."""
    best_of: Annotated[int, Field(ge=1, le=MOST_CHOICES)] | None = None
    """Answers to draw for each prompt, of which the ``n`` likeliest a token are given."""
    echo: bool | None = None
    """Begin with the prompt."""
    logprobs: Annotated[int, Field(ge=0, le=MOST_TOP_LOGPROBS)] | None = None
    """Tell how likely each token was, with this many of the likeliest at each place."""
    suffix: Literal[""] | None = None
    """Not supported."""


class CompletionLogprobs(TypedDict):
    """How likely each token was; the first of an echoed prompt has no probability."""

    tokens: list[str]
    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float] | None]
    text_offset: list[int]


class CompletionChoice(TypedDict):
    """One answer, or what is new in it."""

    index: int
    text: str
    logprobs: CompletionLogprobs | None
    finish_reason: Literal["stop", "length", "cancelled"] | None


class Completion(TypedDict):
    """All answers, or an event of their stream."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: NotRequired[Usage | None]
    system_fingerprint: str | None
