"""Arithmetic: two-digit sums and differences in the head, everything longer through the calculator.

An answer repeats the expression before the result ("27 + 31 = 58"), whatever words the question used: translating the
question and computing are then two steps. Where a ten is carried or borrowed, the step is written out as at school
("47 + 38 = 70 + 15 = 85", "83 - 47 = 43 - 7 = 36"). Without it a model must see the carry before it writes the tens: of
held-out pairs a decoder of 0.8M parameters got 8 % right after 38,400 examples, and with it 94 %.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal

from samovar.chat.conversation import Message, ToolCall
from samovar.tasks.task import Example, Split, Task, assistant, final_text, split_of, user
from samovar.tasks.words.arithmetic_phrases import FRAMES, PERCENT, REQUESTS, SIGNS, SPOKEN, SQUARE
from samovar.tasks.words.decoration import greeted, typed
from samovar.tasks.words.numerals import Case, english_words, numbers_in_words, russian_words
from samovar.tasks.words.word_problems import tell

Kind = Literal["sum", "difference", "product", "negative", "large", "quotient", "several", "percent", "square"]

_SHARES: Mapping[Kind, float] = {
    "sum": 0.28,
    "difference": 0.28,
    "product": 0.24,
    "negative": 0.02,
    "large": 0.06,
    "quotient": 0.05,
    "several": 0.04,
    "percent": 0.02,
    "square": 0.01,
}
_IN_THE_HEAD = {"sum", "difference"}
_STORY_SHARE = 0.25
_WORDS_SHARE = 0.2
_KEPT_FOR_TEST = {"product|17|24"}  # the example of the documentation


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be computed. ``expression`` is as the calculator reads it; ``key`` decides the split."""

    kind: Kind
    operation: str
    a: int
    b: int
    expression: str
    value: Fraction
    key: str


class Arithmetic(Task):
    """Sums, differences, products and longer expressions, in figures, in words and as stories."""

    name: ClassVar[str] = "arithmetic"

    def draw(self, rng: random.Random, split: Split, language: str) -> Example:
        """A problem of a random kind in a random phrasing."""
        kind = rng.choices(list(_SHARES), weights=list(_SHARES.values()))[0]
        problem = _problem(rng, kind)
        while _split_of(problem) != split:
            problem = _problem(rng, kind)
        question, conclusion = _phrase(rng, problem, language)
        equation = f"{shown(problem, language)} = {_step(problem)}{number_text(problem.value)}"
        answer = assistant(f"{equation}. {conclusion}" if conclusion else equation)
        if kind in _IN_THE_HEAD:
            reference: tuple[Message, ...] = (answer,)
        else:
            reference = (*_calculation(problem), answer)
        check = {"kind": kind, "answer": number_text(problem.value), "expression": problem.expression}
        return Example(self.name, language, (user(question),), reference, check)

    def grade(self, example: Example, completion: Sequence[Message]) -> float:
        """1 when the last number that the assistant states is the result."""
        return float(Fraction(example.check["answer"]) in last_number(final_text(completion)))


def _split_of(problem: Problem) -> Split:
    return "test" if problem.key in _KEPT_FOR_TEST else split_of(problem.key)


def _problem(rng: random.Random, kind: Kind) -> Problem:
    if kind == "several":
        return _several(rng)
    if kind == "percent":
        a, b = rng.randint(2, 99) * 10, rng.choice((1, 2, 5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 80, 90))
        return Problem(kind, "%", a, b, f"{a}*{b}/100", Fraction(a * b, 100), f"percent|{a}|{b}")
    if kind == "square":
        a = rng.randint(2, 99)
        return Problem(kind, "²", a, 2, f"{a}**2", Fraction(a * a), f"square|{a}")
    operation, a, b = _operands(rng, kind)
    value = {"+": Fraction(a + b), "-": Fraction(a - b), "*": Fraction(a * b), "/": Fraction(a, max(b, 1))}[operation]
    low, high = (min(a, b), max(a, b)) if operation in "+*" else (a, b)
    family = {"+": "sum", "-": "difference", "*": "product", "/": "quotient"}[operation]
    return Problem(kind, operation, a, b, f"{a}{operation}{b}", value, f"{family}|{low}|{high}")


def _operands(rng: random.Random, kind: Kind) -> tuple[str, int, int]:
    if kind == "large":
        operation = rng.choice("+-")
        a, b = (rng.randint(10, 10 ** rng.randint(3, 4) - 1) for _ in range(2))
        return operation, max(a, b, 100), min(a, b)
    if kind == "quotient":
        b = rng.randint(2, 25)
        if rng.random() < 0.1:
            return "/", rng.randrange(1, 200, 2), rng.choice((2, 4, 5, 8))
        return "/", b * rng.randint(2, 60), b
    if kind == "product":
        a = rng.randint(2, 99)
        b = rng.randint(2, 9) if rng.random() < 0.3 else rng.randint(10, 99)
        if rng.random() < 0.08:
            b = rng.randint(100, 999)
        return ("*", a, b) if rng.random() < 0.5 else ("*", b, a)
    # Some one-digit numbers, so that "2+3" is no surprise.
    a, b = (rng.randint(0, 9) if rng.random() < 0.1 else rng.randint(10, 99) for _ in range(2))
    if kind == "sum":
        return "+", a, b
    a, b = max(a, b), min(a, b)
    return ("-", b, a + (a == b)) if kind == "negative" else ("-", a, b)


def _several(rng: random.Random) -> Problem:
    a, b, c = (rng.randint(2, 99) for _ in range(3))
    expression = rng.choice(
        (
            f"{a}+{b}+{c}",
            f"{a}+{b}-{c}",
            f"{a}*{b}+{c}",
            f"{a}+{b}*{c}",
            f"({a}+{b})*{c}",
            f"{a}*{b}-{c}",
            f"{c}*({a}+{b})",
            f"{a}*{b}*{c}",
        )
    )
    return Problem("several", "", a, b, expression, _value(expression), f"several|{expression}")


def _value(expression: str) -> Fraction:
    """The value of one of our own expressions of sums of products, with at most one pair of parentheses."""
    inner = re.search(r"\(([^()]*)\)", expression)
    if inner:
        return _value(expression.replace(inner[0], str(_value(inner[1]))))
    total = Fraction(0)
    for sign, term in re.findall(r"([+-]?)([\d*]+)", expression):
        product = Fraction(1)
        for factor in term.split("*"):
            product *= int(factor)
        total += -product if sign == "-" else product
    return total


def _phrase(rng: random.Random, problem: Problem, language: str) -> tuple[str, str]:
    """The question, and the words behind the result (stories only)."""
    in_words = problem.kind in {"sum", "difference", "product"} and rng.random() < _WORDS_SHARE
    in_words = in_words and max(problem.a, problem.b) < 100
    if _can_be_a_story(problem) and rng.random() < _STORY_SHARE:
        result = int(problem.value)
        told = tell(rng, problem.operation, problem.a, problem.b, result, language, in_words=in_words)
        return typed(rng, told.question, lower=0.1, bare=0.1), told.conclusion
    text = _question(rng, problem, language, in_words=in_words)
    text = typed(rng, text[:1].upper() + text[1:])
    return (greeted(rng, text, language) if rng.random() < 0.05 else text), ""


def _can_be_a_story(problem: Problem) -> bool:
    if problem.operation == "/":
        return problem.value.denominator == 1
    if problem.kind not in {"sum", "difference", "product"}:
        return False
    return min(problem.a, problem.b) > 1 and problem.value > 0 and max(problem.a, problem.b) < 100


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A number in a phrase; its format is a Russian case."""

    number: int
    language: str
    is_in_words: bool

    def __format__(self, case: Case | str) -> str:
        if not self.is_in_words:
            return str(self.number)
        if self.language == "en":
            return english_words(self.number)
        return russian_words(self.number, case or "nominative")  # type: ignore[arg-type]


def _question(rng: random.Random, problem: Problem, language: str, *, in_words: bool) -> str:
    numbers = {
        "a": _Spoken(problem.a, language, in_words),
        "b": _Spoken(problem.b, language, in_words),
    }
    operation = problem.operation
    if operation in SIGNS and rng.random() < 0.35:
        requests = REQUESTS[language][operation]
        # "The difference between 3 and 8" says nothing of the sign.
        return rng.choice(requests[:2] if problem.kind == "negative" else requests).format(**numbers)
    if operation == "":
        expression = _spaced(problem.expression) if rng.random() < 0.5 else problem.expression
    else:
        if operation in SIGNS:
            is_spoken = in_words or rng.random() < 0.35
            forms = SPOKEN[language][operation] if is_spoken else SIGNS[operation]
        else:
            forms = PERCENT[language] if operation == "%" else SQUARE[language]
        if operation == "%" and problem.b < 5:
            forms = forms[:1]  # one per cent is not said in the plural
        expression = rng.choice(forms).format(**numbers)
    frame = rng.choice(FRAMES[language])
    if in_words and frame.endswith("="):
        frame = "{e}"
    return frame.format(e=expression)


def shown(problem: Problem, language: str) -> str:
    """The expression as an answer shows it: 17 × 24."""
    if problem.operation == "%":
        return f"{problem.b}% {'от' if language == 'ru' else 'of'} {problem.a}"
    return f"{problem.a}²" if problem.operation == "²" else _spaced(problem.expression)


def _spaced(expression: str) -> str:
    return re.sub(r"[-+*/]", lambda sign: f" {sign[0]} ", expression).replace("*", "×").replace("/", "÷")


def _step(problem: Problem) -> str:
    """The step between a sum or difference and its result, where a ten is carried or borrowed."""
    (a_tens, a_ones), (b_tens, b_ones) = divmod(problem.a, 10), divmod(problem.b, 10)
    if problem.kind == "sum" and a_ones + b_ones >= 10 and a_tens + b_tens > 0:
        return f"{10 * (a_tens + b_tens)} + {a_ones + b_ones} = "
    if problem.kind == "difference" and a_ones < b_ones and b_tens > 0:
        return f"{problem.a - 10 * b_tens} - {b_ones} = "
    return ""


def number_text(value: Fraction) -> str:
    """A whole number or a finite decimal, as the calculator writes it."""
    return str(value.numerator) if value.denominator == 1 else repr(float(value))


def _calculation(problem: Problem) -> tuple[Message, Message]:
    call = ToolCall(id="call_1", name="calculator", arguments={"expression": problem.expression})
    result = Message(role="tool", content=number_text(problem.value), tool_call_id=call.id, name=call.name)
    return Message(role="assistant", tool_calls=[call]), result


_NUMBER = re.compile(r"(?:(?<![\w)])[-−])?(?:[0-9]{1,3}(?:[ \u00a0\u202f,.'][0-9]{3})+(?![0-9])|[0-9]+)(?:[.,][0-9]+)?")


def last_number(text: str) -> set[Fraction]:
    """The readings of the last number in ``text``, in figures or, where there are none, in words.

    "1,234" can be read as a thousand or as a decimal, so there may be two; none at all is the empty set.
    """
    found = _NUMBER.findall(text)
    if not found:
        return {Fraction(number) for number in numbers_in_words(text)[-1:]}
    figures = re.sub(r"[ \u00a0\u202f']", "", found[-1].replace("−", "-"))
    readings = {re.sub(r"[.,](?=\d{3}(?!\d))", "", figures), figures}
    decimals = (reading.replace(",", ".") for reading in readings)
    return {Fraction(decimal) for decimal in decimals if decimal.count(".") <= 1}
