"""What is told of an endpoint: to the router, and to those who read /openapi.json."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel
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
    """The shape of the request, where there is one."""
    event: Any = None
    """The shape of an event, where the reply may be a stream."""
    error: Any = OpenAIErrorReply
    """The shape of a refusal."""
    query: type[BaseModel] | None = None
    """What may stand in the address after a question mark."""
    verb: Literal["PATCH", "DELETE"] | None = None
    """The method, where it is no usual one."""

    @property
    def method(self) -> str:
        """POST where something is sent, else GET; or the ``verb``."""
        return self.verb or ("GET" if self.body is None else "POST")
