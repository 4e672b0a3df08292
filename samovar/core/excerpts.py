"""Beginnings of texts that are too long to be shown whole."""

from __future__ import annotations

CUT = "…"
"""Stands where text was left out."""


def shortened(text: str, characters: int) -> str:
    """``text`` itself where it has at most so many characters, else its beginning and the sign of the cut: together
    just so many."""
    return text if len(text) <= characters else text[: characters - len(CUT)] + CUT


def beginning(text: str, characters: int = 60) -> str:
    """The beginning of ``text`` on one line, all runs of white space in it being one space."""
    return shortened(" ".join(text.split()), characters)
