"""One request of a load, streamed, with the times at which its tokens came."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx2 as httpx

Endpoint = Literal["chat", "completions"]
PATHS: Mapping[Endpoint, str] = {"chat": "/v1/chat/completions", "completions": "/v1/completions"}
_TOLD_CHARACTERS = 120


@dataclass
class Outcome:
    """What became of one request; times are in seconds of one clock."""

    started_s: float
    first_s: float | None = None
    """When the first text came."""
    ended_s: float = 0.0
    gaps_s: list[float] = field(default_factory=list)
    """Between one piece of text and the next."""
    input_tokens: int = 0
    output_tokens: int = 0
    error: str | None = None
    """Why it failed: the status, or what happened to the connection."""


class LoadClient:
    """Asks one model on one server."""

    def __init__(self, http: httpx.AsyncClient, model: str, endpoint: Endpoint, *, ignores_end: bool = False) -> None:
        """Ask ``model`` through ``http``, whose base URL is the server's.

        Args:
            http: the connections.
            model: its name.
            endpoint: which of OpenAI's two.
            ignores_end: asks that an answer go on to its full length (``ignore_eos``, which not every server knows).
        """
        self._http = http
        self._model = model
        self._path = PATHS[endpoint]
        self._is_chat = endpoint == "chat"
        self._ignores_end = ignores_end

    async def ask(self, prompt: str, output_tokens: int) -> Outcome:
        """One streamed answer; whatever fails is told in the outcome."""
        outcome = Outcome(started_s=time.perf_counter())
        try:
            await self._stream(prompt, output_tokens, outcome)
        except httpx.HTTPError as error:
            outcome.error = type(error).__name__
        except ValueError as error:  # an event that is no JSON, or that tells of an error
            outcome.error = str(error)
        except (KeyError, TypeError, AttributeError) as error:  # an event of another shape than OpenAI's
            outcome.error = f"in the stream: {error!r}"
        outcome.ended_s = time.perf_counter()
        return outcome

    async def count_tokens(self, prompt: str) -> int:
        """How many tokens the server says that ``prompt`` takes, template and all.

        Raises:
            httpx.HTTPError: it does not answer.
            KeyError: it says nothing of tokens.
        """
        response = await self._http.post(self._path, json=self._body(prompt, 1))
        response.raise_for_status()
        return int(response.json()["usage"]["prompt_tokens"])

    async def _stream(self, prompt: str, output_tokens: int, outcome: Outcome) -> None:
        body = self._body(prompt, output_tokens) | {"stream": True, "stream_options": {"include_usage": True}}
        num_pieces, last_s = 0, outcome.started_s
        async with self._http.stream("POST", self._path, json=body) as response:
            if response.status_code != httpx.codes.OK:
                outcome.error = f"status {response.status_code}"
                return
            async for chunk in _chunks(response):
                now_s = time.perf_counter()
                if usage := chunk.get("usage"):
                    outcome.input_tokens, outcome.output_tokens = usage["prompt_tokens"], usage["completion_tokens"]
                if not _has_text(chunk):
                    continue
                num_pieces += 1
                if outcome.first_s is None:
                    outcome.first_s = now_s
                else:
                    outcome.gaps_s.append(now_s - last_s)
                last_s = now_s
        outcome.output_tokens = outcome.output_tokens or num_pieces

    def _body(self, prompt: str, output_tokens: int) -> dict[str, Any]:
        asked = {"messages": [{"role": "user", "content": prompt}]} if self._is_chat else {"prompt": prompt}
        more = {"ignore_eos": True} if self._ignores_end else {}
        return {"model": self._model, "max_tokens": output_tokens, "temperature": 1.0, **asked, **more}


async def lines_of(response: httpx.Response) -> AsyncIterator[bytes]:
    """The lines of a stream. The library's own also end at U+2028 and its like, amid a text that holds such."""
    pending = b""
    async for piece in response.aiter_bytes():
        *lines, pending = (pending + piece).split(b"\n")
        for line in lines:
            yield line.rstrip(b"\r")


async def _chunks(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """The events of a stream.

    Raises:
        ValueError: one is no JSON, tells of an error, or the stream ends without ``[DONE]``.
    """
    async for line in lines_of(response):
        if not line.startswith(b"data:"):
            continue
        data = line[5:].strip()
        if data == b"[DONE]":
            return
        chunk = json.loads(data)
        if "error" in chunk:
            raise ValueError(f"in the stream: {_name_of(chunk['error'])}")
        yield chunk
    raise ValueError("the stream ended early")


def _name_of(error: Any) -> str:
    """The error's code, or else what is said of it."""
    told = error.get("code") or error.get("message") if isinstance(error, Mapping) else error
    return str(told)[:_TOLD_CHARACTERS]


def _has_text(chunk: Mapping[str, Any]) -> bool:
    for choice in chunk.get("choices") or ():
        delta = choice.get("delta") or choice
        if delta.get("content") or delta.get("text") or delta.get("reasoning_content") or delta.get("tool_calls"):
            return True
    return False
