"""Sums of two to four one-digit numbers in the head: from the last number to the first, with the total after each.

"7+4+9+3" is worked out as "3+9=12+4=16+7=23". A level is the largest of the numbers, so that a level higher asks for
what no lower one shows: how to add one more digit to any total. The grade looks at the result alone, so that the way
there is the model's own.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import ClassVar

from samovar.chat.conversation import Message
from samovar.tasks.arithmetic import last_number
from samovar.tasks.task import Example, Split, Task, assistant, final_text, split_of, user

_REQUESTS: Mapping[str, tuple[str, ...]] = {
    "en": ("Add up: {sum}", "{sum}=?", "What is {sum}?", "How much is {sum}?"),
    "ru": ("Сложи: {sum}", "{sum}=?", "Сколько будет {sum}?", "Посчитай {sum}."),
}

_COUNTS = (2, 4)
"""Fewest and most numbers of a sum."""


class LongSums(Task):
    """Sums of two to four one-digit numbers, the largest of which is the level."""

    name: ClassVar[str] = "long_sums"
    levels: tuple[int, int] | None = (2, 9)

    def draw(self, rng: random.Random, split: Split, language: str) -> Example:
        """Numbers up to what a level says, that one among them, in one of few phrasings."""
        assert self.levels is not None
        largest = rng.randint(*self.levels)
        terms = _terms(rng, largest)
        while split_of("|".join(map(str, sorted(terms)))) != split:
            terms = _terms(rng, largest)
        asked = rng.choice(_REQUESTS[language]).format(sum="+".join(map(str, terms)))
        check = {"kind": f"up to {largest}", "answer": sum(terms)}
        return Example(self.name, language, (user(asked),), (assistant(worked_out(terms)),), check)

    def grade(self, example: Example, completion: Sequence[Message]) -> float:
        """1 when the last number that the assistant states is the sum."""
        return float(Fraction(example.check["answer"]) in last_number(final_text(completion)))


def worked_out(terms: Sequence[int]) -> str:
    """The sum step by step from its end, down to the result."""
    last, *others = reversed(terms)
    total, steps = last, str(last)
    for term in others:
        total += term
        steps += f"+{term}={total}"
    return steps


def _terms(rng: random.Random, largest: int) -> list[int]:
    terms = [rng.randint(1, largest) for _ in range(rng.randint(*_COUNTS))]
    terms[rng.randrange(len(terms))] = largest
    return terms
