"""What is told of an endpoint: to the router, and to those who read /openapi.json."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel
from starlette.responses import Response
from starlette.routing import Route

from samovar.serve.shapes.body import Body
from samovar.serve.shapes.errors import OpenAIErrorReply


@dataclass(frozen=True)
class Endpoint:
    """One address with one method."""

    path: str
    respond: Callable[..., Awaitable[Response | None]]
    """Takes the request; what a layer before the routes answers, as ASGI has it."""
    reply: Any = None
    """The shape of a whole reply, where there is one."""
    body: type[Body] | None = None
    """The shape of the request, where there is one."""
    event: Any = None
    """The shape of an event, where the reply may be a stream."""
    error: Any = OpenAIErrorReply
    """The shape of a refusal."""
    failure: Any = None
    """The shape of a failure, where that is another."""
    query: type[BaseModel] | None = None
    """What may stand in the address after a question mark."""
    headers: tuple[str, ...] = ()
    """Those that it heeds, beside the usual ones."""
    media_types: tuple[str, ...] = ("application/json",)
    """Of a whole reply."""
    verb: Literal["PATCH", "DELETE"] | None = None
    """The method, where it is no usual one."""

    @property
    def method(self) -> str:
        """POST where something is sent, else GET; or the ``verb``."""
        return self.verb or ("GET" if self.body is None else "POST")

    def route(self) -> Route:
        """The route that leads here."""
        return Route(self.path, self.respond, methods=[self.method])
