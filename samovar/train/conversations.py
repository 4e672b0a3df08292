"""Which conversations fine-tuning sees, in what order: tasks by their shares, beside the user's own."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from samovar.chat.conversation import Conversation
from samovar.chat.read import read_conversations
from samovar.tasks.task import Split, Task
from samovar.train.conversation_check import ConversationCheck

T = TypeVar("T")

_HELD_OUT_EVERY = 20
_LONGEST_CHAIN = 4


def task_conversations(
    tasks: Mapping[str, Task], shares: Mapping[str, float], *, split: Split, seed: int, chained_share: float = 0.0
) -> Iterator[Conversation]:
    """Conversations of the tasks without end, drawn by their shares; no instance is asked for twice.

    Args:
        chained_share: how many of them go on with one to three more examples in the same language, as a chat does
            that turns to another matter: else the model would answer only the first question of a chat.
    """
    names = sorted(tasks)
    if not names:
        return
    draw = random.Random(f"{seed}/{split}")
    weights = [shares[name] for name in names]
    given: Counter[tuple[str, str]] = Counter()

    def example(name: str, language: str) -> Conversation:
        languages = tasks[name].languages
        index = given[name, language] * len(languages) + languages.index(language)
        given[name, language] += 1
        return tasks[name].example(split, index).conversation()

    while True:
        name = draw.choices(names, weights)[0]
        language = draw.choice(tasks[name].languages)
        parts = [example(name, language)]
        if draw.random() < chained_share:
            able = [name for name in names if language in tasks[name].languages]
            more = draw.choices(able, [shares[name] for name in able], k=draw.randint(1, _LONGEST_CHAIN - 1))
            parts += [example(name, language) for name in more]
        yield Conversation(messages=[message for part in parts for message in part.messages], meta=parts[0].meta)


def own_conversations(
    paths: Sequence[Path], *, split: Split, seed: int, epochs: float = 1.0, check: ConversationCheck | None = None
) -> Iterator[Conversation]:
    """The user's conversations in shuffled order, ``epochs`` times; every twentieth is held out for validation.

    They are held in memory for shuffling: people write thousands of conversations, not billions. Those that are not
    sound are left out before any is held out, so that all stages hold out the same ones; ``check`` is told of them.
    """
    read = (conversation for path in paths for conversation in read_conversations(path))
    every = (check or ConversationCheck()).sound(read)
    chosen = [
        conversation
        for number, conversation in enumerate(every, 1)
        if (number % _HELD_OUT_EVERY == 0) == (split == "test")
    ]
    if split == "test" and not chosen:
        chosen = every  # of so few all are both learnt and looked at
    left = round(len(chosen) * epochs)
    draw = random.Random(f"{seed}/own")
    while left > 0:
        order = draw.sample(chosen, len(chosen))[:left]
        yield from order
        left -= len(order)


def interleave(first: Iterator[T], second: Iterator[T], *, first_share: float, seed: int) -> Iterator[T]:
    """Draw from ``first`` with probability ``first_share``; when one is used up, go on with the other."""
    draw = random.Random(f"{seed}/interleave")
    while True:
        a, b = (first, second) if draw.random() < first_share else (second, first)
        one = next(a, None) or next(b, None)
        if one is None:
            return
        yield one
