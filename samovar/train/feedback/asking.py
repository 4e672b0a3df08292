"""What is asked of a model that advises, and what comes back, whoever runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, Protocol

from samovar.chat.preferences import Messages

Problem = Literal["", "too_long", "refused", "unreadable"]


class Ask(NamedTuple):
    """One question: for words, or for one of two letters."""

    messages: Messages
    """They end with a user's turn."""
    is_choice: bool = False
    """Whether the answer is to be a letter of ``wording.LETTERS``."""
    temperature: float = 0.0
    seed: int = 0
    max_tokens: int = 256
    """Longest answer; of a choice, what the model may say around the letter."""


class Reply(NamedTuple):
    """What came back."""

    text: str = ""
    log_odds: float | None = None
    """Of a choice: how much likelier the first letter is, in nats. None where only the letter is told."""
    letter: str = ""
    """Of a choice: the likelier one."""
    problem: Problem = ""
    """Why there is no answer: the question is longer than the model reads, or its template cannot write it, or what was
    said is no letter."""


class Adviser(Protocol):
    """A model that can be asked."""

    name: str
    """Tells it from others: what it said is kept under this name."""
    leaves_machine: bool
    """Whether what it is asked goes to another computer."""

    def ask(self, asks: Sequence[Ask], on_reply: Callable[[int, Reply], None]) -> None:
        """Ask everything; ``on_reply`` is told the number of a question and its answer as soon as it is there.

        Raises:
            ResourceError: it does not answer, and did not when it was asked again.
            ConfigError: it does not know us, or is not there at all.
        """
        ...
