"""The engines that draw rollouts: made once, and given the weights of whoever plays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from samovar.engine.batch import BLOCK_SIZE
from samovar.engine.cache import block_bytes, free_bytes
from samovar.engine.engine import Engine
from samovar.model.decoder import Decoder
from samovar.tokenizer.tokenizer import Tokenizer

AT_ONCE = 128
"""Answers decoded side by side: 3,250 tokens a second at 32, 4,900 at 64, 6,000 at 128 (10M parameters, two cores)."""
MOST_CONTEXT = 4096
"""Tokens of one answer, of all its rounds, that the cache has room for, however long the model's context may be."""
SHARE_OF_FREE = 0.25
"""Of the free memory, at most: an engine keeps its cache while the weights are trained, which needs the rest."""


class _Idle(NamedTuple):
    """An engine that waits for who plays next."""

    engine: Engine
    cache_tokens: int
    """That were asked for: memory may not have sufficed."""


class Engines:
    """Engines for models of one shape; each plays for one player at a time. Safe for threads.

    A new one for every play would have to clear the memory for keys and values first: at 64 short answers of 10M
    parameters that takes 40 to 240 ms beside 900 of drawing (one core).
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._idle: list[_Idle] = []

    @contextmanager
    def lent(self, model: Decoder, lengths: Sequence[int]) -> Iterator[Engine]:
        """An engine with the weights of ``model``, which nobody else has meanwhile.

        Where playing fails, it is not used again: who knows what it was doing.

        Args:
            model: what answers.
            lengths: of what is to be in the cache, prompt and answer together, in tokens; an answer each.
        """
        found = self._found(model, sorted(length + BLOCK_SIZE for length in lengths)[-AT_ONCE:])
        yield found.engine
        self._idle.append(found)

    def _found(self, model: Decoder, lengths: Sequence[int]) -> _Idle:
        """``lengths``: of the longest that are decoded side by side, ascending."""
        at_once, cache_tokens = len(lengths), lengths[-1] * len(lengths)
        longest = min(lengths[-1], model.settings.max_positions)
        try:
            last = self._idle.pop()
        except IndexError:
            return self._made(model, at_once, cache_tokens, longest)
        engine = last.engine
        if engine.max_batch < at_once or last.cache_tokens < sum(lengths) or engine.max_context < longest:
            # With room for both, lest few long answers and many short ones take turns in having new engines made.
            at_once, cache_tokens = max(engine.max_batch, at_once), max(last.cache_tokens, cache_tokens)
            del engine, last  # its memory is wanted again
            return self._made(model, at_once, cache_tokens, longest)
        if engine.model is not model:
            engine.take_weights(model)
        return last

    def _made(self, model: Decoder, at_once: int, cache_tokens: int, longest: int) -> _Idle:
        settings, weight = model.settings, model.norm.weight
        bytes_each = block_bytes(settings, "plain", model.compute_dtype or weight.dtype) / BLOCK_SIZE
        affordable = int(free_bytes(weight.device) * SHARE_OF_FREE / bytes_each)
        wanted = max(cache_tokens, min(settings.max_positions, MOST_CONTEXT))
        given = max(longest, min(wanted, affordable))
        engine = Engine(model, self._tokenizer, max_batch=at_once, cache_tokens=given, way="auto")
        return _Idle(engine, wanted)
