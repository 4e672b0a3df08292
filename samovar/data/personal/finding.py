"""What a detector found, the text it looks at, and how overlaps are settled."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple


@dataclass(slots=True, frozen=True)
class Finding:
    """A place that holds personal data: ``text[start:end]``, in characters."""

    start: int
    end: int
    kind: str
    certainty: float
    """From 0 to 1: how often such a place is what it seems; decides between places of one length."""
    canonical: str = field(default="", repr=False)
    """The same value in one way of writing, so that equal values get equal stand-ins; empty: as written."""
    parts: tuple[Any, ...] = field(default=(), repr=False)
    """Of a person: the words of the name (``NamePart``)."""


class Page:
    """A text under search, with what several detectors want to know of all of it, found out once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._mentions: dict[str, bool] = {}

    def mentions(self, words: re.Pattern[str]) -> bool:
        """Whether ``words`` occur anywhere in the text."""
        known = self._mentions.get(words.pattern)
        if known is None:
            known = self._mentions[words.pattern] = words.search(self.text) is not None
        return known

    def is_near(self, words: re.Pattern[str], start: int, end: int, *, before: int, after: int = 0) -> bool:
        """Whether ``words`` occur within so many characters before ``start`` or after ``end``."""
        if words.search(self.text[max(0, start - before) : start]):
            return True
        return after > 0 and words.search(self.text[end : end + after]) is not None

    def is_named(self, words: re.Pattern[str], start: int, *, before: int) -> bool:
        """Whether ``words`` stand before ``start`` with no other number of five digits between: it is theirs then.

        The second of two numbers with a stroke between has the second of two such names: ИНН/КПП 7707083893/770701001.
        """
        context = self.text[max(0, start - before) : start]
        met = list(words.finditer(context))
        if not met:
            return False
        last = met[-1]
        between = context[last.end() :]
        if context.endswith("/") and context[: last.start()].rstrip().endswith("/"):
            between = between.rstrip("/0123456789")
        return _NUMBER.search(between) is None

    @cached_property
    def lower_words(self) -> frozenset[str]:
        """The words that are somewhere written with small letters: a capital elsewhere is no sign of a name."""
        return frozenset(_LOWER_WORD.findall(self.text))


_NUMBER = re.compile("[0-9](?:[ -]?[0-9]){4}")
_LOWER_WORD = re.compile(r"(?<![\w'’-])[a-zа-яё][a-zа-яё]+(?![\w-])")


class Detector(NamedTuple):
    """A way to find one kind, or a few that are told apart in one look."""

    kinds: tuple[str, ...]
    gate: str
    """A pattern without which nothing can be found, in the syntax that ``re`` and RE2 share (ASCII classes, no
    look-around); it spans no newline."""
    find: Callable[[Page, int, int], Iterator[Finding]]
    """Everything found within ``[start, end)`` of the page; it may look at the text around."""
    is_within_line: bool = True
    """Whether nothing that it finds spans a newline. Else it always gets the whole text."""


def without_overlaps(findings: Iterable[Finding]) -> list[Finding]:
    """The longest findings first, of equals the most certain, and none that overlaps another; in order of place."""
    taken: list[tuple[int, int]] = []
    kept = []
    for finding in sorted(findings, key=lambda one: (one.start - one.end, -one.certainty, one.start, one.kind)):
        at = bisect_left(taken, (finding.start, finding.start))
        is_free = (at == 0 or taken[at - 1][1] <= finding.start) and (at == len(taken) or finding.end <= taken[at][0])
        if is_free and finding.start < finding.end:
            insort(taken, (finding.start, finding.end))
            kept.append(finding)
    return sorted(kept, key=lambda one: one.start)
