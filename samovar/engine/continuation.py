"""What one answer says: its tokens and text so far, the rules of the next one, and where it ends."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence as Ids

from samovar.core.errors import RequestError
from samovar.engine.grammar import GrammarState
from samovar.engine.quotes import VerbatimQuotes
from samovar.engine.request import Delta, FinishReason, Sampling, TokenLogprobs
from samovar.engine.rules import TokenRules
from samovar.engine.stop import StopTexts
from samovar.engine.thought import Thought
from samovar.tokenizer.tokenizer import TextStream, Tokenizer

NOTHING = range(0)
"""No places: made once, as most steps ask for them."""


class Continuation:
    """A prompt and what is said after it. It knows nothing of memory and of neighbours."""

    def __init__(
        self,
        request_id: int,
        prompt_ids: Ids[int],
        sampling: Sampling,
        tokenizer: Tokenizer,
        *,
        max_length: int,
        vocab_size: int | None = None,
        grammar: GrammarState | None = None,
        is_streamed: bool = True,
    ) -> None:
        """Begin it.

        Args:
            max_length: of prompt and answer together, in tokens.
            vocab_size: columns of the logits; by default the tokenizer's.
            grammar: what the answer must be a text of.
            is_streamed: news are wanted after every step, and not at the end alone.
        Raises:
            RequestError: ``sampling.prefix_ids`` would end the answer, or do not fit the grammar.
        """
        self.request_id = request_id
        self.sampling = sampling
        self.prompt_length = len(prompt_ids)
        self.ids = list(prompt_ids)
        """Prompt and answer."""
        self.grammar = grammar
        self.finish_reason: FinishReason | None = None
        self.num_reused = 0
        """Tokens of the prompt that were in the cache already, for those who ask."""
        self.is_scored = sampling.logprobs is not None or sampling.prompt_logprobs is not None
        """Whether log-probabilities are wanted."""
        own_ends = frozenset() if sampling.ignore_eos else tokenizer.stop_ids
        self._ends = own_ends | frozenset(sampling.stop_token_ids)
        width = vocab_size or tokenizer.vocab_size
        self.rules = TokenRules.of(sampling, prompt_ids, vocab_size=width, end_ids=self._ends)
        limit = sampling.thought_limit
        self._thought = None if limit is None or limit.closing >= width else Thought(limit, tokenizer)
        """None where it may be of any length, or is over."""
        self._takes_likeliest = (
            sampling.temperature == 0
            and self.rules is None
            and grammar is None
            and not self.is_scored
            and not sampling.verbatim_quotes
        )
        self._max_length = min(max_length, self.prompt_length + sampling.max_tokens)
        self._is_streamed = is_streamed
        # Text is looked at after every token only where somebody sees it then, or a stop text may be in it.
        self._reads_text = is_streamed or bool(sampling.stop)
        # After a mark some tokenizers put a space before a word as at the beginning of a text: it is no part of it.
        begins = not prompt_ids or (tokenizer.prefixed == "always" and tokenizer.is_mark(prompt_ids[-1]))
        self._stream = TextStream(tokenizer, goes_on=not begins)
        self._stop = StopTexts(sampling.stop)
        self._quotes = VerbatimQuotes(tokenizer, prompt_ids, begun=sampling.begun) if sampling.verbatim_quotes else None
        self._new_text = ""
        self._stop_token: int | None = None
        self._num_reported = self.prompt_length
        self._scores: list[TokenLogprobs] = []
        """Of prompt and prefix, as far as they were asked for and are read."""
        self._logprobs: list[TokenLogprobs] = []
        """Of what was chosen, and not reported yet."""
        # One stream of numbers a request, drawn from once a token: what it draws does not depend on its neighbours.
        # Python's generator takes a seed below zero for its positive: in two's complement they are two.
        self._random = random.Random(None if sampling.seed is None else sampling.seed % 2**64)
        self._ahead: deque[float] = deque()
        self._begin()

    @property
    def num_said(self) -> int:
        """Tokens of the answer."""
        return len(self.ids) - self.prompt_length

    @property
    def room(self) -> int:
        """Tokens that the answer may still get."""
        return self._max_length - len(self.ids)

    def draw(self) -> float:
        """The next uniform number in [0, 1), exact in float32."""
        return self._ahead.popleft() if self._ahead else self._random.getrandbits(24) * 2.0**-24

    def foresee(self, place: int) -> float:
        """What ``draw`` will give after ``place`` further calls."""
        while len(self._ahead) <= place:
            self._ahead.append(self._random.getrandbits(24) * 2.0**-24)
        return self._ahead[place]

    @property
    def takes_likeliest(self) -> bool:
        """Whether nothing but the likeliest token is wanted, whatever was said."""
        return self._takes_likeliest and self._thought is None

    def due_id(self) -> int | None:
        """The token that is to come next if it can, as a thought is long enough; else None."""
        return None if self._thought is None else self._thought.due_id

    def allowed_ids(self) -> list[int] | None:
        """The only tokens that may come next; None where all may."""
        return None if self._quotes is None else self._quotes.allowed_ids()

    def quotable(self, token: int) -> list[list[int]]:
        """Where ``token`` would begin a quote of the prompt: the ids that may come after it; else none."""
        return [] if self._quotes is None else self._quotes.lines(token)

    def fitting(self) -> list[int]:
        """Numbers of those of what is ``quotable`` that hold what the answer says that it looks for."""
        return [] if self._quotes is None else self._quotes.fitting()

    def keep_quote(self, number: int) -> None:
        """Before the token that begins a quote is appended: quote this one of what is ``quotable``."""
        if self._quotes is not None:
            self._quotes.keep(number)

    def append(self, token: int, logprobs: TokenLogprobs | None = None) -> None:
        """Take the chosen token, see whether it ends the answer, and take what must follow it."""
        self._push(token)
        if logprobs is not None:
            self._logprobs.append(logprobs)
        # Whoever asked for log-probabilities gets them of every token: then each is chosen.
        if self.grammar is not None and self.finish_reason is None and self.sampling.logprobs is None:
            for forced in self.grammar.forced():
                self._push(forced)
                if self.finish_reason is not None:
                    return

    def cancel(self) -> None:
        """End where it stands."""
        self._finish("cancelled")

    def unscored(self, start: int, end: int) -> range:
        """Of the tokens from ``start`` to ``end``, those after which the log-probability of the next is wanted."""
        if not self.is_scored:
            return NOTHING
        first = self.prompt_length if self.sampling.prompt_logprobs is None else 1
        last = self.prompt_length if self.sampling.logprobs is None else self.prompt_length + self._num_prefix
        return range(max(start, first + len(self._scores) - 1), max(start, min(end, last - 1)))

    def num_top(self, place: int) -> int:
        """How many likeliest tokens to tell of beside the one at ``place``."""
        asked = self.sampling.prompt_logprobs if place < self.prompt_length else self.sampling.logprobs
        return asked or 0

    def take_scores(self, scores: Ids[TokenLogprobs]) -> None:
        """Take the log-probabilities of the tokens that follow those which were ``unscored``."""
        self._scores += scores

    def take_delta(self) -> Delta | None:
        """What is new since the last call; None where nobody waits for parts and the answer is not whole yet."""
        if not self._is_streamed and self.finish_reason is None:
            return None
        is_first = self._num_reported == self.prompt_length
        new_ids, self._num_reported = self.ids[self._num_reported :], len(self.ids)
        text, self._new_text = self._new_text, ""
        logprobs, self._logprobs = self._logprobs, []
        prompt: list[TokenLogprobs | None] = []
        if is_first and self.sampling.prompt_logprobs is not None:
            prompt = [None, *self._scores[: self.prompt_length - 1]]
        if is_first and self.sampling.logprobs is not None:
            logprobs = self._scores[max(0, len(prompt) - 1) :] + logprobs
        return Delta(
            self.request_id,
            new_ids,
            text,
            self.finish_reason,
            logprobs,
            prompt,
            self._stop.found if self._stop_token is None else self._stop_token,
            self.num_reused if is_first else 0,
        )

    def _begin(self) -> None:
        """Say what is said without a choice: the prefix, and what the grammar begins with."""
        for token in self.sampling.prefix_ids:
            self._push(token)
            if self.finish_reason is not None:
                fits = self.grammar is None or not self.grammar.has_failed
                raise RequestError(
                    "the answer would end within prefix_ids" if fits else "prefix_ids do not fit the constraint",
                    hint="shorten them, or leave out the stop or the constraint that they meet",
                    param="prefix_ids",
                )
        if self.grammar is not None and self.sampling.logprobs is None:
            # The last one is left to be chosen: an answer is never whole before it was begun.
            for token in self.grammar.forced()[:-1][: max(0, self.room - 1)]:
                self._push(token)
        self._num_prefix = self.num_said

    def _push(self, token: int) -> None:
        self.ids.append(token)
        if self._thought is not None:
            self._thought.push(token)
            if self._thought.is_over:
                self._thought = None
        if self._quotes is not None:
            self._quotes.push(token)
        if self.rules is not None:
            self.rules.push(token)
        if self.grammar is not None:
            self.grammar.accept(token)
        if token in self._ends:
            self._stop_token = token if token in self.sampling.stop_token_ids else None
            self._finish("stop")
            return
        if self._reads_text and self._read(token):
            self._finish("stop")
        elif self.grammar is not None and self.grammar.is_done:
            self._finish("length" if self.grammar.has_failed else "stop")
        elif len(self.ids) >= self._max_length:
            self._finish("length")

    def _read(self, token: int) -> bool:
        """Take the token's text; whether a stop text is met."""
        text = self._stream.push((token,))
        if not self.sampling.stop:
            self._new_text += text
            return False
        # An answer that is still too short may say what would end it.
        self._new_text += text if self.num_said < self.sampling.min_tokens else self._stop.push(text)
        return self._stop.is_hit

    def _finish(self, reason: FinishReason) -> None:
        self.finish_reason = reason
        if not self._reads_text:
            answer = self.ids[self.prompt_length :]
            self._new_text = self._stream.push(answer[:-1] if answer and answer[-1] in self._ends else answer)
        if not self._stop.is_hit:
            self._new_text += self._stop.push(self._stream.finish())
            self._new_text += self._stop.finish()
