"""Answers as server-sent events."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Generic, Protocol, TypeVar

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

T = TypeVar("T")

_UNBUFFERED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
DONE = "data: [DONE]\n\n"
# Ends of lines to Unicode and to Python's splitlines, though not to this format: many clients split there. And halves
# of surrogate pairs, which a client may send and get back, but UTF-8 has no place for.
_ESCAPED = {sign: f"\\u{sign:04x}" for sign in (0x85, 0x2028, 0x2029, *range(0xD800, 0xE000))}


class Closable(Protocol):
    """What is to be closed when nobody reads on."""

    async def aclose(self) -> None:
        """Free what it holds."""


class EventStream(StreamingResponse):
    """Lines as server-sent events. However it ends, what they are made of is closed, and the engine's place freed."""

    def __init__(self, lines: AsyncGenerator[str, None], source: Closable) -> None:
        """Send ``lines``, which are made of ``source``: of lines never begun it would not be closed."""
        self._lines, self._source = lines, source
        super().__init__(lines, media_type="text/event-stream", headers=_UNBUFFERED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the end, or until the client leaves."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._lines.aclose()
            await self._source.aclose()


class Primed(Generic[T]):
    """A stream whose first item is there already."""

    def __init__(self, first: T, stream: AsyncGenerator[T, None]) -> None:
        self._first, self._stream = first, stream

    async def __aiter__(self) -> AsyncGenerator[T, None]:
        yield self._first
        async for one in self._stream:
            yield one

    async def aclose(self) -> None:
        """Close the stream."""
        await self._stream.aclose()


async def primed(stream: AsyncGenerator[T, None]) -> Primed[T]:
    """``stream`` from its first item on.

    Awaited before the first byte is sent: a refusal is still an HTTP status then.
    """
    try:
        return Primed(await anext(stream), stream)
    except BaseException:
        await stream.aclose()
        raise


def line(value: Mapping[str, Any], event: str | None = None) -> str:
    """One event: its name, if it has one, and its data."""
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if not data.isascii():
        data = data.translate(_ESCAPED)
    return f"data: {data}\n\n" if event is None else f"event: {event}\ndata: {data}\n\n"
