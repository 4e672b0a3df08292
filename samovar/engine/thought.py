"""The thought that an answer may begin with, where it may have so many tokens and no more."""

from __future__ import annotations

from samovar.engine.request import ThoughtLimit
from samovar.tokenizer.tokenizer import Tokenizer


class Thought:
    """Counts the tokens of one answer's thought."""

    def __init__(self, limit: ThoughtLimit, tokenizer: Tokenizer) -> None:
        self._limit, self._tokenizer = limit, tokenizer
        self._room: int | None = limit.tokens if limit.is_open else None
        """Tokens that may still be thought; None before a thought."""
        self._before: list[int] = []
        self.is_over = False
        """Whether it has been closed, or the answer has begun without one."""

    @property
    def due_id(self) -> int | None:
        """The token that is to come now: the tag that closes a thought which has had its tokens."""
        return self._limit.closing if self._room is not None and self._room <= 0 else None

    def push(self, token: int) -> None:
        """Take a token of an answer whose thought is not over."""
        if self._room is not None:
            self._room -= 1
            self.is_over = token == self._limit.closing
        elif token == self._limit.opening:
            self._room = self._limit.tokens
        else:  # blank space may stand before a thought
            self._before.append(token)
            self.is_over = not self._tokenizer.decode(self._before).isspace()
