"""Prompts with their answers as ids: a common beginning that is computed once, and the ends that differ.

Answers to one prompt share more than the prompt: they often begin alike. What they share stands once in a row, and each
end sees it and itself alone, so that the numbers are those of separate rows (``model/sight.py``, ``Branches``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from samovar.chat.conversation import Conversation
from samovar.chat.rows import Row, render_rows
from samovar.tokenizer.tokenizer import Tokenizer


class Answered(NamedTuple):
    """A prompt with answers, as conversations that differ at their ends."""

    conversations: tuple[Conversation, ...]
    """One an answer; of a pair the chosen one first."""
    num_prompt_messages: int
    labels: tuple[float, ...]
    """One an answer (``answers.py``)."""
    margin: float = 0.0


class Fork(NamedTuple):
    """The ids of ``Answered``."""

    trunk: list[int]
    """What all answers begin with, the prompt in it."""
    ends: list[list[int]]
    """What each answer goes on with; never empty."""
    targets: list[list[int]]
    """Of each answer, the positions (trunk and end counted through) of the tokens that the assistant says in it."""
    judged: list[tuple[int, int]]
    """The number of an answer, and the position in it behind which it is judged: its last, or the last of a step."""
    labels: tuple[float, ...]
    """One a judgement."""
    margin: float = 0.0

    @property
    def num_tokens(self) -> int:
        """Of a row that it takes."""
        return len(self.trunk) + sum(map(len, self.ends))

    def whole(self, number: int) -> list[int]:
        """The prompt with one answer alone."""
        return self.trunk + self.ends[number]


def render_forks(answered: Iterable[Answered], tokenizer: Tokenizer) -> Iterator[Fork]:
    """The ids of prompts with their answers, as the tokenizer's chat template writes them.

    Raises:
        DataError: the template refuses a conversation, or an answer says nothing.
    """
    several = list(answered)
    rows = render_rows((conversation for one in several for conversation in one.conversations), tokenizer)
    for one in several:
        its_rows = [next(rows) for _ in one.conversations]
        first = [
            _answer_begins(conversation, one, row)
            for conversation, row in zip(one.conversations, its_rows, strict=True)
        ]
        yield fork(its_rows, first, labels=one.labels, margin=one.margin)


def fork(rows: Sequence[Row], begins: Sequence[int], *, labels: tuple[float, ...], margin: float = 0.0) -> Fork:
    """Divide rows into what they share and what they do not.

    Args:
        rows: the prompt with each answer.
        begins: of each row, the position from which its targets are of the answer: earlier ones are of the prompt.
        labels: of the answers.
        margin: of a pair.
    """
    shared = _common([row.ids for row in rows]) if len(rows) > 1 else 0
    return Fork(
        rows[0].ids[:shared],
        [row.ids[shared:] for row in rows],
        [
            [place for place, is_target in enumerate(row.is_target) if is_target and place >= max(1, begin)]
            for row, begin in zip(rows, begins, strict=True)
        ],
        [(number, len(row.ids) - 1) for number, row in enumerate(rows)],
        labels,
        margin,
    )


def _common(rows: Sequence[list[int]]) -> int:
    """Tokens that all begin with; every row keeps one of its own, if one is another's beginning."""
    shortest = min(map(len, rows)) - 1
    first = rows[0]
    for place in range(shortest):
        if any(row[place] != first[place] for row in rows[1:]):
            return place
    return shortest


def _answer_begins(conversation: Conversation, one: Answered, row: Row) -> int:
    """The position where the assistant's turns of the answer begin: those of the prompt are no part of it."""
    turns = sum(message.role == "assistant" for message in conversation.messages[: one.num_prompt_messages])
    starts = [
        place for place, is_target in enumerate(row.is_target) if is_target and not (place and row.is_target[place - 1])
    ]
    return starts[turns] if turns < len(starts) else len(row.ids)
