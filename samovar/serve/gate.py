"""Places for requests: as many are answered or wait as there are, and the next ones are told when to come again."""

from __future__ import annotations

import math
import time

from starlette.types import ASGIApp, Receive, Scope, Send

from samovar.core.errors import RequestError
from samovar.serve.errors import LimitError, send_error
from samovar.serve.lifetime import Lifetime

_LONGEST_RETRY_S = 60
_WEIGHT_OF_LAST = 0.1


class Gate:
    """Lets requests that make the model work (POST under /v1) through, ``max_requests`` at a time."""

    def __init__(self, app: ASGIApp, *, max_requests: int, lifetime: Lifetime) -> None:
        self._app = app
        self._max_requests = max_requests
        self._lifetime = lifetime
        self._num_live = 0
        self._usual_s = 0.0
        """How long a request took of late: a moving mean."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on. A refused body is never read."""
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        if self._lifetime.is_draining:
            stopping = RequestError("the server is stopping", hint="ask another, or again soon", code="server_stopping")
            await send_error(stopping, scope, receive, send)
            return
        if self._num_live >= self._max_requests:
            await send_error(self._full(), scope, receive, send)
            return
        self._num_live += 1
        started_s = time.monotonic()
        try:
            await self._app(scope, receive, send)
        finally:
            self._num_live -= 1
            self._usual_s += _WEIGHT_OF_LAST * (time.monotonic() - started_s - self._usual_s)

    def _full(self) -> LimitError:
        """A place is free when one of those who have one is done: in the time of one, divided by how many they are."""
        wait_s = min(_LONGEST_RETRY_S, math.ceil(self._usual_s / self._max_requests))
        return LimitError(
            f"{self._num_live} requests are being answered",
            hint="try again in a second" if wait_s <= 1 else f"try again in {wait_s} seconds",
            retry_after_s=wait_s,
            code="queue_full",
        )
