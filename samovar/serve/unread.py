"""What a client still sends when its answer is already known.

A connection that is closed while data lies unread in it is reset, and a reset throws away the answer that was on its
way. So the last piece of an answer is held back until the rest of the body was read and forgotten, within bounds.
"""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MOST_BYTES = 8 * 2**20
_LONGEST_S = 1.0


class Unread:
    """Reads what the application left of a body, before the answer ends."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        if scope["type"] != "http" or not _has_body(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        is_whole = False

        async def receive_noting() -> Message:
            nonlocal is_whole
            message = await receive()
            is_whole = not message.get("more_body", False)
            return message

        async def send_last(message: Message) -> None:
            if message["type"] != "http.response.body" or message.get("more_body", False) or is_whole:
                await send(message)
                return
            await send({**message, "more_body": True})
            await _forget(receive_noting)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        await self._app(scope, receive_noting, send_last)


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


async def _forget(receive: Receive) -> None:
    num_bytes = 0
    try:
        async with asyncio.timeout(_LONGEST_S):
            while num_bytes < _MOST_BYTES:
                message = await receive()
                num_bytes += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return
