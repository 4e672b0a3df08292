"""Solutions in steps as ids, with the place behind each step where it is judged."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from samovar.chat.conversation import Conversation, Message
from samovar.chat.preferences import Steps
from samovar.chat.rows import Row, render_rows
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.answers import BAD, GOOD
from samovar.train.forks import Fork

SEPARATOR = "\n\n"
"""Stands between steps."""


def render_steps(solutions: Iterable[Steps], tokenizer: Tokenizer) -> Iterator[Fork]:
    """A fork of one answer a solution, judged behind each step.

    Raises:
        DataError: the template refuses the conversation.
    """
    several = list(solutions)
    rows = render_rows((conversation_of(one) for one in several), tokenizer)
    for one, row in zip(several, rows, strict=True):
        places = step_ends(row, one.steps, tokenizer)
        labels = tuple(GOOD if is_right else BAD for is_right in one.is_right)
        yield Fork([], [row.ids], [[]], [(0, place) for place in places], labels)


def conversation_of(one: Steps) -> Conversation:
    """The solution as the assistant's answer."""
    answer = Message(role="assistant", content=SEPARATOR.join(one.steps))
    return Conversation(messages=[*one.prompt, answer])


def step_ends(row: Row, steps: tuple[str, ...], tokenizer: Tokenizer) -> list[int]:
    """The position of the token with which each step is complete.

    A token may hold the end of a step and the separator behind it: the first token that makes the text long enough.
    """
    said = [place for place, is_target in enumerate(row.is_target) if is_target]
    start, end = _last_run(said)
    ids = row.ids[start:end]

    def length(count: int) -> int:
        return len(tokenizer.decode(ids[:count]))

    ends, text = [], 0
    for number, step in enumerate(steps):
        text += len(step) + (len(SEPARATOR) if number else 0)
        count = bisect_left(range(len(ids) + 1), text, key=length)
        ends.append(start + min(max(count, 1), len(ids)) - 1)
    return ends


def _last_run(places: list[int]) -> tuple[int, int]:
    """Where the last unbroken run of positions begins, and the position behind it."""
    first = len(places) - 1
    while first and places[first - 1] == places[first] - 1:
        first -= 1
    return places[first], places[-1] + 1
