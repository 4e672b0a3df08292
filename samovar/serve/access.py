"""Who may ask for what, and how much of it."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from samovar.core.errors import RequestError, SamovarError
from samovar.serve.account import Account
from samovar.serve.context import current_call
from samovar.serve.errors import send_error
from samovar.serve.keys import Key, KeyBook, digest_of

_MEASURING = ("/v1/embeddings", "/v1/rerank")
_SPENDING = frozenset({"generate", "embed"})


class Access:
    """Asks for a key everywhere but on ``open_paths``, as soon as there is any, and keeps each to its limits."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        book: KeyBook | None,
        api_key: str | None,
        open_paths: Iterable[str],
        longest_s: float,
    ) -> None:
        """Stand before ``app``.

        Args:
            app: what is guarded.
            book: the keys on file; None where there is no file of them.
            api_key: a key with every right and no limit, beside those; None: there is none.
            open_paths: what anybody may have: the page, and the probes.
            longest_s: that a request may take.
        """
        self._app = app
        self._book = book
        self._digest = None if api_key is None else digest_of(api_key)
        self._open_paths = frozenset(open_paths)
        self._longest_s = longest_s
        self._accounts: dict[str, Account] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope["type"] != "http" or scope["path"] in self._open_paths or not self._is_locked():
            await self._app(scope, receive, send)
            return
        account = None

        async def send_with_limits(message: Message) -> None:
            if account is not None and message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(account.headers())
            await send(message)

        try:
            account = self._admit(scope)
            if account is not None:
                account.enter()
        except SamovarError as error:
            await send_error(error, scope, receive, send_with_limits)
            return
        await self._app(scope, receive, send_with_limits)

    def _is_locked(self) -> bool:
        return self._digest is not None or (self._book is not None and self._book.has_keys())

    def _admit(self, scope: Scope) -> Account | None:
        """The account of the caller, where the request costs something."""
        secret = _secret(Headers(scope=scope))
        if self._digest is not None and hmac.compare_digest(digest_of(secret), self._digest):
            return None
        key = self._book.find(secret) if self._book is not None and secret else None
        if key is None or not key.is_valid:
            told = "an API key is needed" if not secret else "the API key is wrong"
            told = told if key is None else f"the API key {key.name!r} is revoked or has expired"
            raise RequestError(told, hint="send it as Authorization: Bearer KEY", code="invalid_api_key")
        current_call().key = key
        needed = scope_of(scope["method"], scope["path"])
        if needed not in key.scopes:
            raise RequestError(
                f"the API key {key.name!r} has no right to {needed}",
                hint=f"it may {', '.join(key.scopes)}; make another with `samovar keys create --scope {needed}`",
                code="insufficient_scope",
            )
        # Keeping a chat costs no token: who has spent their minute can still see their words saved.
        is_spending = needed in _SPENDING and scope["method"] == "POST" and scope["path"].startswith("/v1/")
        return self._account(key) if is_spending else None

    def _account(self, key: Key) -> Account:
        assert self._book is not None
        account = self._accounts.get(key.id)
        if account is None:
            account = self._accounts[key.id] = Account(key, self._book, longest_s=self._longest_s)
        return account


def scope_of(method: str, path: str) -> str:
    """The right that a request needs."""
    if path == "/metrics":
        return "metrics"
    if path.startswith("/v1/streams/"):
        return "generate"
    if method in {"GET", "HEAD", "OPTIONS"}:
        return "read"
    return "embed" if path.startswith(_MEASURING) else "generate"


def _secret(headers: Headers) -> str:
    """The key that was sent, as OpenAI's clients do or as Anthropic's; empty where there is none."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "").strip()
