"""What every request passes first: is it meant for us, and what the browser may do with the answer."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from samovar.core.errors import RequestError
from samovar.serve.errors import send_error

# No request leaves for anywhere else, no other page may frame this one, and no type is guessed.
_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Guard:
    """Checks Host, and adds the headers of safety. It sends no CORS headers: other sites may not read us."""

    def __init__(self, app: ASGIApp, *, is_loopback: bool) -> None:
        """Guard ``app``.

        Args:
            app: what is guarded.
            is_loopback: the server listens on this machine only, so that a request for another host is a page of
                some site that has its name point here (DNS rebinding).
        """
        self._app = app
        self._is_loopback = is_loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        if self._is_loopback and not is_loopback(_host_name(Headers(scope=scope).get("host", ""))):
            error = RequestError(
                "this server answers requests for 127.0.0.1 and localhost only", code="host_not_allowed"
            )
            await send_error(error, scope, receive, send_safely)
            return
        await self._app(scope, receive, send_safely)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
