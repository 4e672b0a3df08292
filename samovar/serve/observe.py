"""The outermost layer: gives each request its name, and tells metrics and log how it ended."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from samovar.serve.context import Call, begin_call
from samovar.serve.logs import log_request
from samovar.serve.metrics import Metrics
from samovar.serve.settings import LogKind

_LEFT = 499
"""nginx's status for a client that left before the answer began."""
_MOST_LOGGED_BYTES = 65_536
_FOREIGN_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)


class Observe:
    """Makes a ``Call`` of each request."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, log: LogKind, routes: Collection[str]) -> None:
        """Watch ``app``.

        Args:
            app: what is watched.
            metrics: told of every request.
            log: what a line of the log has, if there is one.
            routes: paths, as ``/v1/models/{name}``; all others are counted as one, for anybody can invent paths.
        """
        self._app = app
        self._metrics = metrics
        self._log = log
        self._routes = frozenset(routes)
        self._patterns = {route: compile_path(route)[0] for route in routes if "{" in route}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and note what came of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        call = _call(scope)
        call.route = self._route(call.path)
        begin_call(call)
        told = _Told(receive, send, call.id, keeps_texts=self._log == "messages")
        self._metrics.open_requests.inc()
        try:
            await self._app(scope, told.receive, told.send)
        except Exception:
            told.status = 500  # it is answered further out
            raise
        finally:
            self._metrics.open_requests.dec()
            self._note(call, told)

    def _note(self, call: Call, told: _Told) -> None:
        seconds = time.monotonic() - call.started_s
        self._metrics.requests.labels(call.route, str(told.status)).inc()
        self._metrics.request_seconds.labels(call.route).observe(seconds)
        if self._log != "errors":
            log_request(_fields(call, told, seconds))

    def _route(self, path: str) -> str:
        if path in self._routes:
            return path
        return next((route for route, pattern in self._patterns.items() if pattern.match(path)), "other")


class _Told:
    """What passes between client and application."""

    def __init__(self, receive: Receive, send: Send, call_id: str, *, keeps_texts: bool) -> None:
        self.status = _LEFT
        self.question = bytearray()
        self.answer = bytearray()
        self._receive = receive
        self._send = send
        self._call_id = call_id
        self._keeps_texts = keeps_texts

    async def receive(self) -> Message:
        message = await self._receive()
        if self._keeps_texts:
            _keep(self.question, message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message)["X-Request-Id"] = self._call_id
        elif self._keeps_texts:
            _keep(self.answer, message.get("body", b""))
        await self._send(message)


def _call(scope: Scope) -> Call:
    headers = Headers(scope=scope)
    call = Call(method=scope["method"], path=scope["path"], headers=headers)
    if _FOREIGN_ID.fullmatch(headers.get("x-request-id", "")):
        call.id = headers["x-request-id"]
    return call


def _fields(call: Call, told: _Told, seconds: float) -> dict[str, Any]:
    fields = {
        "id": call.id,
        "method": call.method,
        "path": call.path[:256],
        "status": told.status,
        "error": call.error_code,
        "seconds": round(seconds, 4),
        "first_token_seconds": None if call.first_token_s is None else round(call.first_token_s, 4),
        "prompt_tokens": call.prompt_tokens,
        "completion_tokens": call.completion_tokens,
        "key": None if call.key is None else call.key.name,
    }
    if told.question or told.answer:
        fields |= {"question": _text(told.question), "answer": _text(told.answer)}
    return {name: value for name, value in fields.items() if value is not None}


def _keep(text: bytearray, more: bytes) -> None:
    text += more[: _MOST_LOGGED_BYTES - len(text)]


def _text(body: bytearray) -> Any:
    """JSON as it is, anything else as text."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
