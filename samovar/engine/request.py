"""What a caller asks of the engine, and what comes back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from samovar.core.errors import RequestError
from samovar.engine.constraint import Constraint

FinishReason = Literal["stop", "length", "cancelled"]

MAX_STOPS = 16
MAX_STOP_CHARACTERS = 256
MAX_TOP_LOGPROBS = 100


class ThoughtLimit(NamedTuple):
    """The longest thought of a reasoning model before it answers, and the tags around it."""

    tokens: int
    """Of a thought: behind so many, the tag that closes it is all that may come."""
    opening: int
    """The tag that begins a thought, as a token."""
    closing: int
    is_open: bool
    """Whether the prompt ends within a thought."""


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen, and when to end.

    The rules act in this order: quotes, repetition penalty, frequency and presence penalties, logit bias, tokens that
    may not come (``min_tokens``, ``constraint``), the end of a long thought, temperature, top-k, top-p, min-p.

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
    """Whether a line that begins with ``>`` may say nothing but what the prompt says, of that what the line before
    names after a colon."""
    min_p: float = 0.0
    """Only tokens at least this many times as likely as the likeliest; 0 keeps all. Nguyen et al. 2024, 2407.01082."""
    repetition_penalty: float = 1.0
    """Divides positive logits, and multiplies negative ones, of tokens that the prompt or the answer has; 1 changes
    nothing. Keskar et al. 2019, arXiv:1909.05858."""
    frequency_penalty: float = 0.0
    """Taken off a token's logit for each time that the answer has it."""
    presence_penalty: float = 0.0
    """Taken off the logit of every token that the answer has."""
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    """Token to what is added to its logit; -100 as good as forbids it, 100 as good as forces it."""
    stop_token_ids: tuple[int, ...] = ()
    """Tokens that end the answer besides the model's own; they count among its ids, and have no text."""
    min_tokens: int = 0
    """Shortest answer, in tokens: until then nothing that would end it may come, and stop texts are no end."""
    ignore_eos: bool = False
    """The model's own ends of turn are drawn like any other token and end nothing: for measuring speed."""
    logprobs: int | None = None
    """Log-probabilities of the answer's tokens: None tells none, 0 of the drawn token, k of the k likeliest besides."""
    prompt_logprobs: int | None = None
    """The same of the prompt's tokens, from the second on. The prompt is then read whole, whatever is cached."""
    constraint: Constraint | None = None
    """A language that the answer must be a text of."""
    prefix_ids: tuple[int, ...] = ()
    """Tokens that the answer begins with, whatever the model would say; they count among its ids."""
    begun: str = ""
    """Words of the answer that the prompt ends with already: a quote that begins in them goes on as it is."""
    thought_limit: ThoughtLimit | None = None
    """The longest thought before the answer; None leaves its length to the model."""
    adapter: str | None = None
    """Name of the adapter that reads and answers; None is the model itself."""

    def __post_init__(self) -> None:
        _check(math.isfinite(self.temperature) and 0 <= self.temperature <= 100, "temperature", self, "from 0 to 100")
        _check(math.isfinite(self.top_p) and 0 < self.top_p <= 1, "top_p", self, "above 0 and at most 1")
        _check(self.top_k >= 0, "top_k", self, "0 or more")
        _check(self.max_tokens >= 1, "max_tokens", self, "1 or more")
        stops_fit = len(self.stop) <= MAX_STOPS and all(1 <= len(stop) <= MAX_STOP_CHARACTERS for stop in self.stop)
        _check(stops_fit, "stop", self, f"up to {MAX_STOPS} texts of 1 to {MAX_STOP_CHARACTERS} characters")
        _check(0 <= self.min_p <= 1, "min_p", self, "from 0 to 1")
        _check(
            0 < self.repetition_penalty <= 100, "repetition_penalty", self, "above 0 and at most 100; 1 changes nothing"
        )
        for name in ("frequency_penalty", "presence_penalty"):
            _check(-100 <= getattr(self, name) <= 100, name, self, "from -100 to 100")
        bias_fits = all(token >= 0 and -1000 <= bias <= 1000 for token, bias in self.logit_bias.items())
        _check(bias_fits, "logit_bias", self, "token ids with numbers from -1000 to 1000")
        _check(min(self.stop_token_ids, default=0) >= 0, "stop_token_ids", self, "token ids")
        _check(0 <= self.min_tokens <= self.max_tokens, "min_tokens", self, f"from 0 to max_tokens ({self.max_tokens})")
        for name in ("logprobs", "prompt_logprobs"):
            wanted = getattr(self, name)
            _check(wanted is None or 0 <= wanted <= MAX_TOP_LOGPROBS, name, self, f"from 0 to {MAX_TOP_LOGPROBS}")
        prefix_fits = not self.prefix_ids or len(self.prefix_ids) < self.max_tokens
        _check(prefix_fits, "prefix_ids", self, f"shorter than max_tokens ({self.max_tokens})")

    def counted_up(self, number: int) -> Sampling:
        """For the answer of this number among several: its seed, if there is one, is another."""
        return self if self.seed is None or not number else replace(self, seed=self.seed + number)


class TokenLogprobs(NamedTuple):
    """How likely the model held a token, and what else it held likely.

    Natural logarithms under the model itself: before temperature, penalties, bias and cuts.
    """

    token: int
    logprob: float
    top: tuple[tuple[int, float], ...] = ()
    """The likeliest tokens with theirs, likeliest first, as many as were asked for; the token itself may be one."""


class Delta(NamedTuple):
    """What one step added to one request."""

    request_id: int
    ids: list[int]
    """The new tokens, the one that ended the turn included."""
    text: str
    """The new text: it lags behind the ids while a character or a stop text may still be incomplete."""
    finish_reason: FinishReason | None
    """None while the request goes on."""
    logprobs: list[TokenLogprobs] = []
    """Of each of ``ids``; empty where none were asked for."""
    prompt_logprobs: list[TokenLogprobs | None] = []
    """On the first delta, of each token of the prompt, None for its first; empty where none were asked for."""
    stopped_by: str | int | None = None
    """On the last delta, the stop text or the token of ``stop_token_ids`` that ended the answer."""
    num_cached: int = 0
    """On the first delta, tokens of the prompt that did not have to be read, as they were in the cache."""


class Completion(NamedTuple):
    """A whole answer."""

    ids: list[int]
    """Every token drawn, the one that ended the turn included."""
    text: str
    """Their text, without the end of turn and without the stop text."""
    finish_reason: FinishReason
    logprobs: list[TokenLogprobs] = []
    """Of each of ``ids``; empty where none were asked for."""
    prompt_logprobs: list[TokenLogprobs | None] = []
    """Of each token of the prompt, None for its first; empty where none were asked for."""
    stopped_by: str | int | None = None
    """The stop text or the token of ``stop_token_ids`` that ended the answer; None where neither did."""

    @classmethod
    def of(cls, *deltas: Delta) -> Completion:
        """What all deltas of a request make together; one that was broken off is ``cancelled``."""
        return cls(
            [token for delta in deltas for token in delta.ids],
            "".join(delta.text for delta in deltas),
            deltas[-1].finish_reason or "cancelled",
            [one for delta in deltas for one in delta.logprobs],
            deltas[0].prompt_logprobs,
            deltas[-1].stopped_by,
        )


def check_prompt(prompt_ids: Sequence[int], *, max_context: int, vocab_size: int) -> None:
    """Refuse a prompt that no model of this context and vocabulary can go on with.

    Raises:
        RequestError: it is empty, too long (``context_length_exceeded``), or not of this vocabulary.
    """
    if not prompt_ids:
        raise RequestError("the prompt is empty", param="messages")
    if len(prompt_ids) >= max_context:
        raise RequestError(
            f"the prompt has {len(prompt_ids)} tokens, and the model's context holds {max_context} "
            "with at least one for the answer",
            hint="shorten the conversation, or start a new one",
            code="context_length_exceeded",
            param="messages",
        )
    if min(prompt_ids) < 0 or max(prompt_ids) >= vocab_size:
        raise RequestError(f"the prompt holds token ids outside 0..{vocab_size - 1}", param="messages")


def check_adapter(name: str | None, adapters: Iterable[str]) -> None:
    """Refuse the name of an adapter that is none of ``adapters``; None is the model itself.

    Raises:
        RequestError: there is no such adapter (``model_not_found``).
    """
    if name is not None and name not in (known := list(adapters)):
        raise RequestError(
            f"there is no adapter {name[:80]!r}",
            hint=f"there are: {', '.join(known) or 'none'}",
            code="model_not_found",
            param="model",
        )


def _check(is_right: bool, param: str, sampling: Sampling, allowed: str) -> None:
    if not is_right:
        raise RequestError(f"{param} is {getattr(sampling, param)!r}: it must be {allowed}", param=param)
