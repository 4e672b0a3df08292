"""What a key has left of its limits: set aside for each request before it costs anything, and settled as it does.

A request sets aside all that it may take: its prompts, and with each the longest answer. So however many requests of
one key are answered at once, they take no more together than the key may spend.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from samovar.serve.buckets import Bucket
from samovar.serve.context import Tab, current_call
from samovar.serve.errors import LimitError
from samovar.serve.keys import Key, KeyBook, Use

_RETRY_OF_HELD_S = 5
"""When to come again for what running answers have set aside: they may not need it."""


class Account:
    """The limits of one key."""

    def __init__(self, key: Key, book: KeyBook, *, longest_s: float) -> None:
        """Begin with a whole minute.

        Args:
            key: whose.
            book: where its days are counted.
            longest_s: no request takes longer; what is set aside for longer is of a process that was killed.
        """
        limits = key.limits
        self._key = key
        self._book = book
        self._longest_s = longest_s
        self._requests = Bucket(limits.requests_per_minute) if limits.requests_per_minute else None
        self._tokens = Bucket(limits.tokens_per_minute) if limits.tokens_per_minute else None

    def enter(self) -> None:
        """Let one more request in.

        Raises:
            LimitError: the key has spent what it may; it says when to come again.
        """
        if self._requests is not None and (wait_s := self._requests.seconds_until(1)) > 0:
            raise self._spent(f"{self._requests.size} requests a minute", wait_s)
        # What it will take is known when it is read; who has nothing at all left need not send it.
        if self._tokens is not None and (wait_s := self._tokens.seconds_until(1)) > 0:
            raise self._spent(f"{self._tokens.size} tokens a minute", wait_s)
        most = self._key.limits.tokens_per_day
        if most is not None and self._book.spent_today(self._key.id).tokens >= most:
            raise self._spent(f"{most} tokens a day", _seconds_to_midnight())
        if self._requests is not None:
            self._requests.take(1)
        self._book.count(self._key.id, Use(requests=1))
        current_call().tab = _KeyTab(self)

    def hold(self, tokens: int) -> int | None:
        """Set ``tokens`` aside; gives the number that the book knows them by, where there is a limit of the day.

        Raises:
            LimitError: there are fewer left; it says when to come again.
        """
        minute, day, number = self._tokens, self._key.limits.tokens_per_day, None
        if minute is not None and (wait_s := minute.seconds_until(tokens)) > 0:
            raise self._short(tokens, minute.level, minute.size, "minute", wait_s)
        if day is not None:
            number = self._book.hold(self._key.id, tokens, most=day, longest_s=self._longest_s)
            if number is None:
                left = day - self._book.spent_today(self._key.id).tokens
                wait_s = _RETRY_OF_HELD_S if tokens <= left else _seconds_to_midnight()
                raise self._short(tokens, left - self._book.held(self._key.id), day, "day", wait_s)
        if minute is not None:
            minute.take(tokens)
        return number

    def charge(self, use: Use, number: int | None, held: int) -> None:
        """Count ``use``, of which ``held`` tokens were set aside under ``number``."""
        if self._tokens is not None:
            self._tokens.take(use.tokens - held)
        self._book.count(self._key.id, use, number=number, held=held)

    def release(self, number: int | None, tokens: int) -> None:
        """Give back ``tokens`` that were set aside under ``number`` and not needed."""
        if self._tokens is not None:
            self._tokens.take(-tokens)
        if number is not None:
            self._book.release(number)

    def headers(self) -> dict[str, str]:
        """What is left, in OpenAI's headers."""
        told = {}
        for name, bucket in (("requests", self._requests), ("tokens", self._tokens)):
            if bucket is not None:
                told[f"X-RateLimit-Limit-{name}"] = str(bucket.size)
                told[f"X-RateLimit-Remaining-{name}"] = str(max(0, math.floor(bucket.level)))
                told[f"X-RateLimit-Reset-{name}"] = f"{bucket.seconds_until(bucket.size):.0f}s"
        return told

    def _spent(self, limit: str, wait_s: float) -> LimitError:
        return LimitError(
            f"the API key {self._key.name!r} has spent its {limit}",
            hint=f"come again in {math.ceil(wait_s)} seconds",
            retry_after_s=math.ceil(wait_s),
        )

    def _short(self, tokens: int, left: float, size: int, span: str, wait_s: float) -> LimitError:
        fewer = "send less, or ask for fewer with max_tokens"
        return LimitError(
            f"this request may take {tokens} tokens, and the API key {self._key.name!r} has"
            f" {max(0, math.floor(left))} left of its {size} tokens a {span}",
            hint=fewer if tokens > size else f"{fewer}, or come again in {math.ceil(wait_s)} seconds",
            retry_after_s=math.ceil(wait_s),
        )


class _KeyTab(Tab):
    """What one request takes of its key's account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._number: int | None = None
        self._held = 0

    @contextmanager
    def held(self, tokens: int) -> Iterator[None]:
        self._number, self._held = self._account.hold(tokens), tokens
        try:
            yield
        finally:
            self._account.release(self._number, self._held)
            self._number, self._held = None, 0

    def charge(self, prompt_tokens: int, completion_tokens: int) -> None:
        # Beyond what was set aside are the later rounds of an answer that calls tools: each reads the prompt again.
        held = min(self._held, prompt_tokens + completion_tokens)
        self._held -= held
        self._account.charge(Use(prompt_tokens=prompt_tokens, completion_tokens=completion_tokens), self._number, held)


def _seconds_to_midnight() -> float:
    return 86_400 - time.time() % 86_400
