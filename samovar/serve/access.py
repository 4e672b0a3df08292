"""Who may ask for what, and how much of it."""

from __future__ import annotations

import hashlib
import hmac
import math
import time
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from samovar.core.errors import RequestError, SamovarError
from samovar.serve.buckets import Bucket
from samovar.serve.context import current_call
from samovar.serve.errors import LimitError, send_error
from samovar.serve.keys import Key, KeyBook, Use

_MEASURING = ("/v1/embeddings", "/v1/rerank")
_SPENDING = frozenset({"generate", "embed"})


class Access:
    """Asks for a key everywhere but on ``open_paths``, as soon as there is any, and keeps each to its limits."""

    def __init__(self, app: ASGIApp, *, book: KeyBook | None, api_key: str | None, open_paths: Iterable[str]) -> None:
        """Stand before ``app``.

        Args:
            app: what is guarded.
            book: the keys on file; None where there is no file of them.
            api_key: a key with every right and no limit, beside those; None: there is none.
            open_paths: what anybody may have: the page, and the probes.
        """
        self._app = app
        self._book = book
        self._digest = None if api_key is None else _digest(api_key)
        self._open_paths = frozenset(open_paths)
        self._accounts: dict[str, _Account] = {}

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

    def _admit(self, scope: Scope) -> _Account | None:
        """The account of the caller, where the request costs something."""
        secret = _secret(Headers(scope=scope))
        if self._digest is not None and hmac.compare_digest(_digest(secret), self._digest):
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

    def _account(self, key: Key) -> _Account:
        assert self._book is not None
        account = self._accounts.get(key.id)
        if account is None:
            account = self._accounts[key.id] = _Account(key, self._book)
        return account


class _Account:
    """What one key has left."""

    def __init__(self, key: Key, book: KeyBook) -> None:
        limits = key.limits
        self._key = key
        self._book = book
        self._requests = Bucket(limits.requests_per_minute) if limits.requests_per_minute else None
        self._tokens = Bucket(limits.tokens_per_minute) if limits.tokens_per_minute else None

    def enter(self) -> None:
        """Let one more request in.

        Raises:
            LimitError: the key has spent what it may; it says when to come again.
        """
        if self._requests is not None and (wait_s := self._requests.seconds_until(1)) > 0:
            raise _spent(self._key, f"{self._requests.size} requests a minute", wait_s)
        # A token must be there, and not as many as the answer will take: nobody knows how many it will.
        if self._tokens is not None and (wait_s := self._tokens.seconds_until(1)) > 0:
            raise _spent(self._key, f"{self._tokens.size} tokens a minute", wait_s)
        most = self._key.limits.tokens_per_day
        if most is not None and self._book.spent_today(self._key.id).tokens >= most:
            raise _spent(self._key, f"{most} tokens a day", _seconds_to_midnight())
        if self._requests is not None:
            self._requests.take(1)
        self._book.count(self._key.id, Use(requests=1))
        current_call().charge = self.charge

    def charge(self, prompt_tokens: int, completion_tokens: int) -> None:
        """Take these tokens off what is left."""
        if self._tokens is not None:
            self._tokens.take(prompt_tokens + completion_tokens)
        self._book.count(self._key.id, Use(prompt_tokens=prompt_tokens, completion_tokens=completion_tokens))

    def headers(self) -> dict[str, str]:
        """What is left, in OpenAI's headers."""
        told = {}
        for name, bucket in (("requests", self._requests), ("tokens", self._tokens)):
            if bucket is not None:
                told[f"X-RateLimit-Limit-{name}"] = str(bucket.size)
                told[f"X-RateLimit-Remaining-{name}"] = str(max(0, math.floor(bucket.level)))
                told[f"X-RateLimit-Reset-{name}"] = f"{bucket.seconds_until(bucket.size):.0f}s"
        return told


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


def _spent(key: Key, limit: str, wait_s: float) -> LimitError:
    return LimitError(
        f"the API key {key.name!r} has spent its {limit}",
        hint=f"come again in {math.ceil(wait_s)} seconds",
        retry_after_s=math.ceil(wait_s),
    )


def _seconds_to_midnight() -> float:
    return 86_400 - time.time() % 86_400


def _digest(secret: str) -> bytes:
    """Digests are of one length: comparing them tells nothing of the key's."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
