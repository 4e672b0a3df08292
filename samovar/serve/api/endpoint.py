"""What is told of an endpoint: to the router, and to those who read /openapi.json."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from samovar.serve.shapes.body import Body
from samovar.serve.shapes.errors import OpenAIErrorReply

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Endpoint:
    """One address with one method."""

    path: str
    respond: Handler
    reply: Any
    """The shape of a whole reply."""
    body: type[Body] | None = None
    """The shape of the request, where there is one: the method is then POST, else GET."""
    event: Any = None
    """The shape of an event, where the reply may be a stream."""
    error: Any = OpenAIErrorReply
    """The shape of a refusal."""

    @property
    def method(self) -> str:
        """POST where something is sent, else GET."""
        return "GET" if self.body is None else "POST"
