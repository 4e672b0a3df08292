"""A task whose answer a tiny model can find out by being rewarded: which of three words is the right one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import ClassVar

from samovar.chat.conversation import Conversation, Message
from samovar.tasks.task import Example, Split, Task, assistant, final_text, split_of, user
from tests.train.tiny_preferences import KIND, THINGS, asks

RIGHT = KIND[1]


class WordOf(Task):
    """One of three words is right, and nothing in the question tells which."""

    name: ClassVar[str] = "word_of"
    languages: tuple[str, ...] = ("en",)

    def draw(self, rng: random.Random, split: Split, language: str) -> Example:
        while True:
            thing, other = rng.choice(THINGS), rng.choice(THINGS)
            if split_of(f"{thing} {other}") == split:
                break
        question = f"{asks(thing)} And the {other}?"
        return Example(
            self.name, language, (user(question),), (assistant(f"{RIGHT}."),), {"kind": thing}
        )  # fmt: skip

    def grade(self, example: Example, completion: Sequence[Message]) -> float:
        return float(final_text(completion) == f"{RIGHT}.")


def guesses(count: int) -> list[Conversation]:
    """What is taught first: to answer with one of three words, whichever."""
    task, rng = WordOf(), random.Random(1)
    return [
        Conversation(messages=[*task.example("train", number).prompt, assistant(f"{rng.choice(KIND)}.")])
        for number in range(count)
    ]
