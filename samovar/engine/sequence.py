"""One request on its way through the engine: its tokens, its slot, its text so far."""

from __future__ import annotations

import random
from collections.abc import Sequence as Ids

from samovar.engine.quotes import VerbatimQuotes
from samovar.engine.request import Delta, FinishReason, Sampling
from samovar.engine.stop import StopTexts
from samovar.tokenizer.tokenizer import TextStream, Tokenizer


class Sequence:
    """The state of a request from ``add`` to its last token."""

    def __init__(
        self,
        request_id: int,
        prompt_ids: Ids[int],
        sampling: Sampling,
        tokenizer: Tokenizer,
        *,
        max_length: int,
        is_streamed: bool = True,
    ) -> None:
        self.request_id = request_id
        self.sampling = sampling
        self.prompt_length = len(prompt_ids)
        self.ids = list(prompt_ids)
        """Prompt and answer."""
        self.slot = -1
        """Row of the cache; -1 while it waits."""
        self.num_cached = 0
        """Tokens whose keys and values are in the cache."""
        self.is_read = False
        """Whether the whole prompt is in the cache, so that the answer has begun."""
        self.finish_reason: FinishReason | None = None
        self._max_length = min(max_length, self.prompt_length + sampling.max_tokens)
        self._end_ids = tokenizer.stop_ids
        self._is_streamed = is_streamed
        # Text is looked at after every token only where somebody sees it then, or a stop text may be in it.
        self._reads_text = is_streamed or bool(sampling.stop)
        # After a mark some tokenizers put a space before a word as at the beginning of a text: it is no part of it.
        begins = not prompt_ids or (tokenizer.prefixed == "always" and tokenizer.is_mark(prompt_ids[-1]))
        self._stream = TextStream(tokenizer, goes_on=not begins)
        self._stop = StopTexts(sampling.stop)
        self._quotes = VerbatimQuotes(tokenizer, prompt_ids) if sampling.verbatim_quotes else None
        self._new_text = ""
        self._num_reported = self.prompt_length
        # One stream of numbers a request, drawn from once a token: what it draws does not depend on its neighbours.
        self._random = random.Random(sampling.seed)

    def draw(self) -> float:
        """The next uniform number in [0, 1), exact in float32."""
        return self._random.getrandbits(24) * 2.0**-24

    def allowed_ids(self) -> list[int] | None:
        """The only tokens that may come next; None where all may."""
        return None if self._quotes is None else self._quotes.allowed_ids()

    def quotable(self, token: int) -> list[list[int]]:
        """Where ``token`` would begin a quote of the prompt: the ids that may come after it; else none."""
        return [] if self._quotes is None else self._quotes.lines(token)

    def keep_quote(self, number: int) -> None:
        """After the token that began a quote was appended: quote this one of what is ``quotable``."""
        if self._quotes is not None:
            self._quotes.keep(number)

    def append(self, token: int) -> None:
        """Take the sampled token and see whether it ends the answer."""
        self.ids.append(token)
        if self._quotes is not None:
            self._quotes.push(token)
        if token in self._end_ids:
            self._finish("stop")
            return
        if self._reads_text:
            self._new_text += self._stop.push(self._stream.push((token,)))
        if self._stop.is_hit:
            self._finish("stop")
        elif len(self.ids) >= self._max_length:
            self._finish("length")

    def cancel(self) -> None:
        """End where it stands."""
        self._finish("cancelled")

    def take_delta(self) -> Delta | None:
        """What is new since the last call; None where nobody waits for parts and the answer is not whole yet."""
        if not self._is_streamed and self.finish_reason is None:
            return None
        new_ids, self._num_reported = self.ids[self._num_reported :], len(self.ids)
        text, self._new_text = self._new_text, ""
        return Delta(self.request_id, new_ids, text, self.finish_reason)

    def _finish(self, reason: FinishReason) -> None:
        self.finish_reason = reason
        if not self._reads_text:
            answer = self.ids[self.prompt_length :]
            self._new_text = self._stream.push(answer[:-1] if answer and answer[-1] in self._end_ids else answer)
        if not self._stop.is_hit:
            self._new_text += self._stop.push(self._stream.finish())
            self._new_text += self._stop.finish()
