"""What every request passes first: is it meant for us, may it ask, and what the browser may do with the answer."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from samovar.core.errors import RequestError
from samovar.serve.errors import describe_error

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})

# No request leaves for anywhere else, no other page may frame this one, and no type is guessed.
_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Guard:
    """Checks Host and key, and adds the headers of safety. It sends no CORS headers: other sites may not read us."""

    def __init__(self, app: ASGIApp, *, api_key: str | None, is_loopback: bool) -> None:
        """Guard ``app``.

        Args:
            app: what is guarded.
            api_key: asked for under /v1; None asks for none.
            is_loopback: the server listens on this machine only, so that a request for another host is a page of
                some site that has its name point here (DNS rebinding).
        """
        self._app = app
        self._key_digest = None if api_key is None else _digest(api_key.encode())
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

        try:
            self._check(scope)
        except RequestError as error:
            await describe_error(error).to_response()(scope, receive, send_safely)
            return
        await self._app(scope, receive, send_safely)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        if self._is_loopback and _host_name(headers.get("host", "")) not in LOOPBACK_HOSTS:
            raise RequestError("this server answers requests for 127.0.0.1 and localhost only", code="host_not_allowed")
        if self._key_digest is not None and scope["path"].startswith("/v1/"):
            scheme, _, key = headers.get("authorization", "").partition(" ")
            is_right = hmac.compare_digest(_digest(key.strip().encode("latin-1")), self._key_digest)
            if scheme.lower() != "bearer" or not is_right:
                told = "the API key is wrong" if key else "an API key is needed"
                raise RequestError(told, hint="send it as Authorization: Bearer KEY", code="invalid_api_key")


def _host_name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _digest(key: bytes) -> bytes:
    """Digests are of one length: comparing them tells nothing of the key's."""
    return hashlib.sha256(key).digest()
