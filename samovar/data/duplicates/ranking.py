"""Which of several copies is the best one."""

from __future__ import annotations

from typing import Any, Literal

Preference = Literal["newest", "longest", "first"]


class Ranking:
    """Orders documents: newest: by time, then length, then place; longest: without time; first: by place alone."""

    def __init__(self, facts: Any, preference: Preference) -> None:
        self._facts = facts
        self._preference = preference

    def rank(self, number: int) -> tuple[float, int, int]:
        """Less is better."""
        _, modified, length = self._facts[number].item()
        newest = -modified if self._preference == "newest" else 0.0
        longest = -length if self._preference != "first" else 0
        return newest, longest, number
