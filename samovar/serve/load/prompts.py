"""Prompts of about the asked number of tokens, for a server whose tokenizer nobody knows."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable

_TEXT = (
    "river stone market garden winter letter music number window village teacher bridge forest paper morning engine "
    "summer mountain question answer history science doctor kitchen travel picture language sister machine reason"
)
_WORDS = _TEXT.split()
_SHORT, _LONG = 8, 32
"""Words of the two prompts by which the server's tokens are measured."""


class Prompts:
    """Random words, no two prompts alike, so that no cache of prompts helps where none is asked for."""

    def __init__(self, *, tokens_per_word: float, own_tokens: float, seed: int) -> None:
        """Of a server that makes ``tokens_per_word`` of a word, and adds ``own_tokens`` of its template."""
        self._tokens_per_word = tokens_per_word
        self._own_tokens = own_tokens
        self._draw = random.Random(seed)

    @classmethod
    async def measured(cls, count_tokens: Callable[[str], Awaitable[int]], *, seed: int) -> Prompts:
        """For the server whose count ``count_tokens`` asks."""
        words = cls(tokens_per_word=1, own_tokens=0, seed=seed)
        short = await count_tokens(words.words(_SHORT))
        long = await count_tokens(words.words(_LONG))
        tokens_per_word = max((long - short) / (_LONG - _SHORT), 0.1)
        own_tokens = max(short - tokens_per_word * _SHORT, 0.0)
        return cls(tokens_per_word=tokens_per_word, own_tokens=own_tokens, seed=seed)

    def words(self, count: int) -> str:
        """This many words."""
        return " ".join(self._draw.choices(_WORDS, k=count))

    def of(self, tokens: int, *, shared: str = "") -> str:
        """A prompt of about ``tokens`` tokens; ``shared`` stands at its beginning and counts."""
        wanted = round((tokens - self._own_tokens) / self._tokens_per_word) - len(shared.split())
        own = self.words(max(1, wanted))
        return f"{shared} {own}" if shared else own

    def varied(self, tokens: int, spread: float) -> int:
        """A length up to ``spread`` (a share) below or above ``tokens``."""
        return max(1, round(tokens * self._draw.uniform(1 - spread, 1 + spread)))

    def pause_s(self, rate: float) -> float:
        """A pause until the next request, where ``rate`` come a second, each when it will (a Poisson process)."""
        return self._draw.expovariate(rate)
