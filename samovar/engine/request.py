"""What a caller asks of the engine, and what comes back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from samovar.core.errors import RequestError

FinishReason = Literal["stop", "length", "cancelled"]

MAX_STOPS = 16
MAX_STOP_CHARACTERS = 256


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen, and when to end.

    Raises:
        RequestError: a value is out of range; ``param`` names it.
    """

    temperature: float = 0.7
    """0 takes the likeliest token; 1 is the model's own distribution."""
    top_p: float = 1.0
    """Only the likeliest tokens that together have this probability; 1 keeps all."""
    top_k: int = 0
    """Only this many likeliest tokens; 0 keeps all."""
    seed: int | None = None
    """The same seed and prompt give the same text, alone or beside others. None: a new one each time."""
    max_tokens: int = 256
    """Longest answer, in tokens; the model's context may end it earlier."""
    stop: tuple[str, ...] = ()
    """Texts that end the answer; they are not part of it."""
    verbatim_quotes: bool = False
    """Whether a line that begins with ``>`` may say nothing but what the prompt says."""

    def __post_init__(self) -> None:
        _check(math.isfinite(self.temperature) and 0 <= self.temperature <= 100, "temperature", self, "from 0 to 100")
        _check(math.isfinite(self.top_p) and 0 < self.top_p <= 1, "top_p", self, "above 0 and at most 1")
        _check(self.top_k >= 0, "top_k", self, "0 or more")
        _check(self.max_tokens >= 1, "max_tokens", self, "1 or more")
        stops_fit = len(self.stop) <= MAX_STOPS and all(1 <= len(stop) <= MAX_STOP_CHARACTERS for stop in self.stop)
        _check(stops_fit, "stop", self, f"up to {MAX_STOPS} texts of 1 to {MAX_STOP_CHARACTERS} characters")


class Delta(NamedTuple):
    """What one step added to one request."""

    request_id: int
    ids: list[int]
    """The new tokens, the one that ended the turn included."""
    text: str
    """The new text: it lags behind the ids while a character or a stop text may still be incomplete."""
    finish_reason: FinishReason | None
    """None while the request goes on."""


class Completion(NamedTuple):
    """A whole answer."""

    ids: list[int]
    """Every token drawn, the one that ended the turn included."""
    text: str
    """Their text, without the end of turn and without the stop text."""
    finish_reason: FinishReason


def _check(is_right: bool, param: str, sampling: Sampling, allowed: str) -> None:
    if not is_right:
        raise RequestError(f"{param} is {getattr(sampling, param)!r}: it must be {allowed}", param=param)
