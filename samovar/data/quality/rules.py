"""A rule: a number measured on a text, and the bound that it must keep."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from samovar.data.quality.text_shape import TextShape

Measure = Callable[[TextShape], float]


class Rule(NamedTuple):
    """What a text is asked. ``bound`` None switches it off."""

    name: str
    """Name of the setting that holds the bound."""
    measure: Measure
    side: Literal["at least", "at most"]
    bound: float | None
    reason: str
    """Why a document is dropped that breaks it."""
    ceiling: Measure | None = None
    """A value that ``measure`` can't exceed, found at less cost; for rules of the side "at most"."""

    def is_kept_by(self, value: float) -> bool:
        """Whether ``value`` is within the bound."""
        if self.bound is None:
            return True
        return value >= self.bound if self.side == "at least" else value <= self.bound


class Breach(NamedTuple):
    """A rule that a text breaks, and the value that does."""

    rule: Rule
    value: float

    @property
    def detail(self) -> str:
        """The value beside its bound, as shown with a sample."""
        bound = self.rule.bound or 0.0
        return f"{self.rule.name} is {_number(self.value)}, {self.rule.side} {_number(bound)} wanted"


def first_breach(rules: Iterable[Rule], shape: TextShape) -> Breach | None:
    """The first rule that the text breaks; the later ones are not measured."""
    for rule in rules:
        if rule.bound is None or (rule.ceiling is not None and rule.ceiling(shape) <= rule.bound):
            continue
        value = rule.measure(shape)
        if not rule.is_kept_by(value):
            return Breach(rule, value)
    return None


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:.3f}"
