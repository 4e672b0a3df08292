"""Sums of several one-digit numbers in the head: the first two are added up, and the rest written down again.

"7+4+9+3 = 11+9+3 = 20+3 = 23". A level is how many numbers there are. What is hard about more of them than one was
taught: the rest must be copied without a slip, and totals come up that were never seen. The grade looks at the result
alone, so that the way there is the model's own.
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


class LongSums(Task):
    """Sums of two to ten one-digit numbers, added up one after the other."""

    name: ClassVar[str] = "long_sums"
    levels: tuple[int, int] | None = (2, 10)

    def draw(self, rng: random.Random, split: Split, language: str) -> Example:
        """As many numbers as a level says, in one of few phrasings."""
        assert self.levels is not None
        count = rng.randint(*self.levels)
        terms = _terms(rng, count)
        while split_of("|".join(map(str, sorted(terms)))) != split:
            terms = _terms(rng, count)
        asked = rng.choice(_REQUESTS[language]).format(sum="+".join(map(str, terms)))
        check = {"kind": f"{count} numbers", "answer": sum(terms)}
        return Example(self.name, language, (user(asked),), (assistant(worked_out(terms)),), check)

    def grade(self, example: Example, completion: Sequence[Message]) -> float:
        """1 when the last number that the assistant states is the sum."""
        return float(Fraction(example.check["answer"]) in last_number(final_text(completion)))


def worked_out(terms: Sequence[int]) -> str:
    """The sum step by step, down to the result."""
    left, steps = list(terms), ["+".join(map(str, terms))]
    while len(left) > 1:
        left = [left[0] + left[1], *left[2:]]
        steps.append("+".join(map(str, left)))
    return " = ".join(steps)


def _terms(rng: random.Random, count: int) -> list[int]:
    return [rng.randint(1, 9) for _ in range(count)]
