"""Tasks whose answers a tiny model can find out by being rewarded: which word is the right one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import ClassVar

from samovar.chat.conversation import Conversation, Message
from samovar.tasks.task import Example, Split, Task, assistant, final_text, split_of, user
from tests.train.tiny_preferences import KIND, RUDE, THINGS, asks

RIGHT = KIND[1]
WORDS = (*KIND, *RUDE)


class WordFor(Task):
    """Every thing has its word, which the question does not tell."""

    name: ClassVar[str] = "word_for"
    languages: tuple[str, ...] = ("en",)
    asked: ClassVar[str] = "{ask} And the {other}?"

    def draw(self, rng: random.Random, split: Split, language: str) -> Example:
        while True:
            thing, other = rng.choice(THINGS), rng.choice(THINGS)
            if split_of(f"{thing} {other}") == split:
                break
        question = user(self.asked.format(ask=asks(thing), other=other))
        return Example(self.name, language, (question,), (assistant(f"{self.word(thing)}."),), {"kind": thing})

    def word(self, thing: str) -> str:
        return WORDS[THINGS.index(thing) % len(WORDS)]

    def grade(self, example: Example, completion: Sequence[Message]) -> float:
        return float(final_text(completion) == final_text(example.reference))


class WordOf(WordFor):
    """One of three words is right, and it is the same for all."""

    name: ClassVar[str] = "word_of"

    def word(self, thing: str) -> str:
        return RIGHT


def guesses(count: int) -> list[Conversation]:
    """What is taught first: to answer with one of three words, whichever."""
    task, rng = WordOf(), random.Random(1)
    return [
        Conversation(messages=[*task.example("train", number).prompt, assistant(f"{rng.choice(KIND)}.")])
        for number in range(count)
    ]
