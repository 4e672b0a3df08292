"""How the server answers and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from samovar.core.settings import Settings

LogKind = Literal["errors", "requests", "messages"]


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
    thinking: bool | None = None
    """Whether a reasoning model thinks before it answers, where the request doesn't tell; null leaves that to the
    model's chat template."""
    max_thought_tokens: Annotated[int, Field(ge=0)] | None = None
    """Longest thought before an answer, where the request doesn't tell: behind so many tokens it is closed, where the
    model's tags of thoughts are tokens; null leaves that to the model, as vLLM always does."""
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.3
    """Sampling temperature where the request names none; 0 always takes the likeliest token."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of probability kept in sampling where the request names none."""
    verbatim_quotes: bool = False
    """Whether lines that begin with > say nothing but what the conversation says (and what the line before names after
    a colon), where the request doesn't tell."""
    max_tokens: Annotated[int, Field(ge=1)] = 512
    """Tokens in one answer, where the request sets no limit."""
    max_rounds: Annotated[int, Field(ge=1)] = 4
    """Generations in one answer: how often the model may go on after a tool."""
    backend: Literal["own", "vllm"] = "own"
    """Who computes: our own engine, or vLLM on large GPUs (the extra vllm)."""
    adapters: dict[str, Path] = {}
    """Adapters beside the model: the name that requests ask for as their model, and the folder in PEFT's format."""
    draft: Literal["prompt"] | Path | None = None
    """Who guesses tokens ahead, to be checked at once: prompt looks them up in the text; or a folder of a smaller model
    with the same tokenizer. Answers stay what they are; it pays for few requests at once (docs/speculation.md)."""
    draft_tokens: Annotated[int, Field(ge=1, le=16)] = 4
    """Tokens guessed at once, at most."""
    max_batch: Annotated[int, Field(ge=1)] = 8
    """Requests whose tokens are made together; the memory of the cache grows with it."""
    max_context: Annotated[int, Field(ge=16)] | None = None
    """Longest prompt and answer together, in tokens; null takes the model's, or what half of the free memory holds."""
    cache_tokens: Annotated[int, Field(ge=16)] | None = None
    """Tokens that all requests together may have in the cache, earlier prompts besides; null takes what all may need,
    or what half of the free memory holds."""
    cache_form: Literal["plain", "bfloat16", "int8"] = "plain"
    """How keys and values are kept: as they are computed, in two bytes, or in one under a scale for each vector."""
    max_requests: Annotated[int, Field(ge=1)] = 64
    """Requests answered or waiting at once; more are told to come again (429)."""
    max_body_bytes: Annotated[int, Field(ge=1024)] = 4 * 1024 * 1024
    """Bytes of one request."""
    max_prompt_tokens: Annotated[int, Field(ge=1)] | None = None
    """Tokens of one prompt; null takes as many as the model's context holds."""
    body_timeout_s: Annotated[float, Field(gt=0)] = 30
    """Seconds that a client may pause within the body of its request, and that the head of one may take."""
    request_timeout_s: Annotated[float, Field(gt=0)] = 600
    """Seconds that one request may take, waiting included."""
    stall_s: Annotated[float, Field(gt=0)] = 60
    """Seconds that a client may read nothing of what is sent to it."""
    resume_s: Annotated[float, Field(ge=0)] = 60
    """Seconds that a stream whose client asked for it can be taken up again after a dropped connection; 0: never."""
    resume_bytes: Annotated[int, Field(ge=1024)] = 4 * 1024 * 1024
    """Bytes of such a stream that are kept."""
    keep_chats: bool = True
    """Keep the page's chats, and responses asked for with store: true, in .samovar/chats.sqlite3; nowhere else."""
    response_days: Annotated[float, Field(gt=0)] | None = 30
    """Days that such a response is kept after it was made or gone on from; null keeps it until it is deleted."""
    max_responses: Annotated[int, Field(ge=1)] | None = 10_000
    """Such responses that are kept for one key; beyond that those go that were used longest ago. null keeps all."""
    cors_origins: tuple[str, ...] = ()
    """Origins of other sites whose pages may ask this server, as https://chat.example; none by default."""
    tls_certificate: Path | None = None
    """PEM file of the certificate, the chain after it; with it the server speaks HTTPS alone."""
    tls_key: Path | None = None
    """PEM file of the certificate's key, where it is not in the same file."""
    log: LogKind = "errors"
    """What stderr gets: errors; a line of JSON for every request, without what was said; or with what was said."""
    otlp_endpoint: str | None = None
    """Address that traces are sent to by OpenTelemetry's protocol over HTTP, as http://127.0.0.1:4318/v1/traces."""
    drain_s: Annotated[int, Field(ge=0)] = 10
    """Seconds that running answers get to end when the server is told to stop."""
