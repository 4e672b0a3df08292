"""Answers kept inside a language: which tokens may come next, and which must.

The grammar engine is llguidance: it follows the answer byte by byte, gives a mask of the whole vocabulary in tens of
microseconds, and tells which tokens are without alternative, so that they need not be drawn at all.

Axes: B rows, V vocabulary.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch import Tensor

from samovar.core.errors import RequestError
from samovar.core.extras import require
from samovar.engine.constraint import JSON_STYLE, Constraint
from samovar.tokenizer.tokenizer import Tokenizer

EXTRA = "constraints"
MAX_REMEMBERED = 32


class GrammarState:
    """One answer on its way through a grammar."""

    def __init__(self, matcher: Any) -> None:
        self._matcher = matcher
        self.bits: np.ndarray[Any, np.dtype[np.uint8]] | None = None
        """The mask of what may come next, a bit a token, lowest bit first; None until it is computed."""

    @property
    def is_done(self) -> bool:
        """Nothing more may come: the text is whole, or it ``has_failed``."""
        return bool(self._matcher.is_stopped())

    @property
    def has_failed(self) -> bool:
        """It cannot be followed any further, as the parser needs more memory or time than it may have."""
        return bool(self._matcher.is_error())

    def accept(self, token: int) -> None:
        """Take the token that was chosen; one that may not come makes the state fail."""
        self._matcher.consume_token(token)
        self.bits = None

    def forced(self) -> list[int]:
        """The tokens that must come next, as they are without alternative; they are not accepted yet."""
        return [] if self.is_done else list(self._matcher.compute_ff_tokens())

    def compute(self) -> None:
        """Fill in ``bits``. Lets other threads run meanwhile."""
        if self.bits is None:
            self.bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)


class Grammars:
    """Constraints made ready for one tokenizer; the last ones are remembered. Safe for threads."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._library: Any = None
        self._words: Any = None
        self._matchers: OrderedDict[Constraint, Any] = OrderedDict()
        self._lock = threading.Lock()

    def follow(self, constraint: Constraint) -> GrammarState:
        """An answer that is to begin.

        Raises:
            MissingError: llguidance is not installed.
            RequestError: the constraint is malformed, uses what is not supported, or is too large.
        """
        with self._lock:
            if self._words is None:
                self._library = require("llguidance", extra=EXTRA)
                ends = sorted(self._tokenizer.stop_ids)
                self._words = self._library.LLTokenizer(_Words(self._tokenizer), eos_token=ends)
            matcher = self._matchers.get(constraint)
        if matcher is None:  # it may take seconds: nobody else waits for that
            matcher = self._compiled(constraint)
        with self._lock:
            self._matchers[constraint] = matcher
            self._matchers.move_to_end(constraint)
            while len(self._matchers) > MAX_REMEMBERED:
                self._matchers.popitem(last=False)
            return GrammarState(matcher.deep_copy())

    def _compiled(self, constraint: Constraint) -> Any:
        try:
            matcher = self._library.LLMatcher(self._words, self._grammar(constraint), log_level=0)
        except ValueError as error:
            raise _refusal(constraint, str(error)) from error
        # The first mask is where what is too large, or allows nothing, shows.
        first = matcher.deep_copy()
        first.compute_bitmask()
        if matcher.is_error() or first.is_error() or (first.is_stopped() and not first.is_accepting()):
            reason = matcher.get_error() or first.get_error()
            # This names how the parser stopped at its first step: nothing could come.
            raise _refusal(constraint, "no text satisfies it" if reason.startswith("NoExtension") else reason)
        return matcher

    def _grammar(self, constraint: Constraint) -> str:
        matcher = self._library.LLMatcher
        if constraint.kind == "regex":
            # By \d people mean 0 to 9, and not the digits of all scripts.
            return f"start: /{self._library.regex_to_lark(constraint.text, 'd')}/"
        if constraint.kind == "lark":
            return str(matcher.grammar_from_lark(constraint.text))
        schema = {"type": "object"} if constraint.kind == "json_object" else json.loads(constraint.text)
        if not isinstance(schema, Mapping):
            raise ValueError("a schema is a JSON object")
        return str(matcher.grammar_from_json_schema(json.dumps(schema), overrides=JSON_STYLE))


class Masks:
    """The masks of a step. They need what was said so far and no logits: so they are made beside the forward pass."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._coming: Future[None] | None = None

    def begin(self, states: Iterable[GrammarState]) -> None:
        """Compute the masks of these in another thread; until ``apply`` nobody may touch them."""
        unknown = [state for state in states if state.bits is None]
        if unknown:
            self._pool = self._pool or ThreadPoolExecutor(1, thread_name_prefix="samovar-masks")
            self._coming = self._pool.submit(_compute, unknown)

    def apply(self, logits_BV: Tensor, states: Sequence[GrammarState | None]) -> None:
        """Set the logits of what may not come to minus infinity, in place; a row without a state is left alone.

        Where other rules forbid everything that the grammar allows, the grammar is followed.
        """
        if self._coming is not None:
            coming, self._coming = self._coming, None
            coming.result()
        rows = [row for row, state in enumerate(states) if state is not None]
        if not rows:
            return
        following = [state for state in states if state is not None]
        _compute(following)
        vocabulary = logits_BV.shape[1]
        bits = np.stack([_fitting(state.bits, vocabulary) for state in following])
        is_allowed_BV = torch.from_numpy(np.unpackbits(bits, axis=1, count=vocabulary, bitorder="little"))
        is_allowed_BV = is_allowed_BV.to(logits_BV.device, torch.bool)
        kept_BV = logits_BV[rows].masked_fill_(~is_allowed_BV, -torch.inf)
        is_stuck_B = kept_BV.amax(-1) == -torch.inf
        if bool(is_stuck_B.any()):
            kept_BV[is_stuck_B] = torch.where(is_allowed_BV[is_stuck_B], 0.0, -torch.inf)
        logits_BV[rows] = kept_BV

    def close(self) -> None:
        """End the thread."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None


class _Words:
    """A tokenizer as llguidance wants to see it."""

    is_tokenizer_wrapper = True
    bos_token_id = None

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.eos_token_id = tokenizer.eos_id
        self.tokens = [tokenizer.decode_bytes((token,), skip_special=False) for token in range(tokenizer.vocab_size)]
        self.special_token_ids = [token for token in range(tokenizer.vocab_size) if tokenizer.is_mark(token)]

    def __call__(self, text: str | bytes) -> list[int]:
        text = text if isinstance(text, str) else text.decode("utf-8", "replace")
        return self._tokenizer.encode(text, goes_on=True)


def _compute(states: Iterable[GrammarState]) -> None:
    for state in states:
        state.compute()


def _fitting(bits: Any, vocabulary: int) -> Any:
    """As many bytes as the vocabulary needs: tokens that the grammar does not know may not come."""
    size = -(-vocabulary // 8)
    return bits[:size] if len(bits) >= size else np.pad(bits, (0, size - len(bits)))


def _refusal(constraint: Constraint, reason: str) -> RequestError:
    first = next((line.strip() for line in reason.splitlines() if line.strip()), "it is empty")
    what = {"json_schema": "the JSON schema", "regex": "the regular expression", "lark": "the grammar"}
    return RequestError(
        f"{what.get(constraint.kind, 'the constraint')} cannot be followed: {first[:300]}",
        hint="see docs/constraints.md for what can be used",
        code="invalid_schema" if constraint.kind == "json_schema" else "invalid_grammar",
        param=constraint.param,
    )
