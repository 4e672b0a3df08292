"""How the server answers and what it refuses."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from samovar.core.settings import Settings


class ServeSettings(Settings):
    """The server's address, the assistant's habits, and limits."""

    host: str = "127.0.0.1"
    """Address to listen on. Any but a loopback address demands an API key."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """Port to listen on; 0 takes a free one."""
    tools: tuple[str, ...] = ("calculator",)
    """Tools that the server runs when the model calls them; not used in requests that bring tools of their own."""
    announces_tools: bool = False
    """List those tools in the prompt. Leave it off for models that were trained to call them unasked."""
    system: str | None = None
    """System message for conversations that bring none."""
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.3
    """Sampling temperature where the request names none; 0 always takes the likeliest token."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of probability kept in sampling where the request names none."""
    verbatim_quotes: bool = False
    """Whether lines that begin with > say nothing but what the conversation says, where the request doesn't tell."""
    max_tokens: Annotated[int, Field(ge=1)] = 512
    """Tokens in one answer, where the request sets no limit."""
    max_rounds: Annotated[int, Field(ge=1)] = 4
    """Generations in one answer: how often the model may go on after a tool."""
    max_batch: Annotated[int, Field(ge=1)] = 8
    """Requests whose tokens are made together; the memory of the cache grows with it."""
    max_requests: Annotated[int, Field(ge=1)] = 64
    """Requests answered or waiting at once; more are told to come again (429)."""
    max_body_bytes: Annotated[int, Field(ge=1024)] = 4 * 1024 * 1024
    """Bytes of one request."""
    drain_s: Annotated[int, Field(ge=0)] = 10
    """Seconds that running answers get to end when the server is told to stop."""
