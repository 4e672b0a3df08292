"""How large a body may be, and how long a request may take: to send, and to be answered."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from samovar.core.errors import RequestError
from samovar.serve.errors import error_event, send_error
from samovar.serve.lifetime import Lifetime
from samovar.serve.settings import ServeSettings

EVENT_STREAM = "text/event-stream"


class Patience:
    """Ends requests that are too large or too slow; a stream that began is ended with an event that says why."""

    def __init__(self, app: ASGIApp, *, settings: ServeSettings, lifetime: Lifetime) -> None:
        self._app = app
        self._settings = settings
        self._lifetime = lifetime

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, within the limits."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        body = _Body(receive, self._settings)
        deadline = asyncio.timeout(self._settings.request_timeout_s)
        try:
            async with deadline:
                with self._lifetime.running(deadline):
                    body.check_length(scope)
                    await self._app(scope, body.receive, answer.send)
        except RequestError as error:
            await answer.end(error, scope, receive)
        except TimeoutError:
            if not deadline.expired():
                raise
            await answer.end(self._late(), scope, receive)

    def _late(self) -> RequestError:
        if self._lifetime.is_draining:
            return RequestError("the server is stopping", hint="ask another, or again soon", code="server_stopping")
        return RequestError(
            f"the answer took longer than {self._settings.request_timeout_s} seconds",
            hint="ask for fewer tokens with max_tokens",
            code="request_timeout",
        )


class _Body:
    """The body of a request as the application receives it."""

    def __init__(self, receive: Receive, settings: ServeSettings) -> None:
        self._receive = receive
        self._max_bytes = settings.max_body_bytes
        self._timeout_s = settings.body_timeout_s
        self._num_bytes = 0
        self._is_whole = False

    def check_length(self, scope: Scope) -> None:
        """Refuse what says itself that it is too long, before any of it is read."""
        length = Headers(scope=scope).get("content-length", "")
        if length.isdecimal() and int(length) > self._max_bytes:
            raise self._too_large()

    async def receive(self) -> Message:
        """The next message; once the body is whole, the one that says that the client has left."""
        if self._is_whole:
            return await self._receive()
        try:
            async with asyncio.timeout(self._timeout_s):
                message = await self._receive()
        except TimeoutError as error:
            raise RequestError(
                f"the body stopped for {self._timeout_s} seconds", hint="send it without a pause", code="body_too_slow"
            ) from error
        self._num_bytes += len(message.get("body", b""))
        if self._num_bytes > self._max_bytes:
            raise self._too_large()
        self._is_whole = not message.get("more_body", False)
        return message

    def _too_large(self) -> RequestError:
        return RequestError(f"the body is larger than {self._max_bytes} bytes", code="body_too_large")


class _Answer:
    """What was sent of the answer."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._has_begun = False
        self._is_whole = False
        self._is_stream = False

    async def send(self, message: Message) -> None:
        """Send on, and note how far the answer is."""
        if message["type"] == "http.response.start":
            self._has_begun = True
            self._is_stream = Headers(raw=message["headers"]).get("content-type", "").startswith(EVENT_STREAM)
        elif message["type"] == "http.response.body":
            self._is_whole = not message.get("more_body", False)
        await self._send(message)

    async def end(self, error: RequestError, scope: Scope, receive: Receive) -> None:
        """End the answer with ``error``, as far as that can still be told."""
        if not self._has_begun:
            await send_error(error, scope, receive, self._send)
        elif self._is_stream and not self._is_whole:
            body = error_event(error).encode()
            await self._send({"type": "http.response.body", "body": body, "more_body": False})
