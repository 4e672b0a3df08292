"""A text as lines or paragraphs, and without some of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Literal, NamedTuple

import xxhash

UnitKind = Literal["line", "paragraph"]


class Units(NamedTuple):
    """The units of a text, and what stands between: one separator fewer than units."""

    units: list[str]
    separators: list[str]

    def without(self, is_removed: Sequence[bool]) -> str:
        """The text without some units, each with the separator before it."""
        pieces: list[str] = []
        for place, unit in enumerate(self.units):
            if not is_removed[place]:
                if pieces:
                    pieces.append(self.separators[place - 1])
                pieces.append(unit)
        return "".join(pieces)


def units_of(text: str, kind: UnitKind) -> Units:
    """Lines, or paragraphs: what blank lines part."""
    if kind == "line":
        lines = text.split("\n")
        return Units(lines, ["\n"] * (len(lines) - 1))
    pieces = _blank_lines().split(text)
    return Units(pieces[0::2], pieces[1::2])


def normalised_unit(unit: str) -> str:
    """By what units are compared: without case, and white space as single blanks."""
    return " ".join(unit.split()).casefold()


def unit_hash(normalised: str) -> int:
    """64 bits of a unit."""
    return xxhash.xxh3_64_intdigest(normalised.encode("utf-8", "surrogatepass"))


@cache
def _blank_lines() -> re.Pattern[str]:
    # Possessive: a text of millions of blanks is walked once.
    return re.compile(r"(\n(?:[^\S\n]*+\n)++)")
