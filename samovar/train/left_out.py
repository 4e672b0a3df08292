"""Rows of files that cannot be learnt from, counted and said in words."""

from __future__ import annotations

_OF_ONE = {"have": "has", "are": "is", "say": "says", "prefer": "prefers"}


def left_out_line(count: int, what: str, reason: str, first: str) -> str:
    """A sentence of ``count`` rows that were left out.

    Args:
        what: "conversations", with whose they are.
        reason: the end of a sentence of several: "have no prompt".
        first: the beginning of the first of them.
    """
    were = "was" if count == 1 else "were"
    return f"{count} of the {what} {agreeing(count, reason)} and {were} left out (the first: {first})"


def agreeing(count: int, reason: str) -> str:
    """``reason``, which begins with the verb of several, of one or several."""
    verb, rest = reason.split(" ", 1)
    return f"{_OF_ONE[verb] if count == 1 else verb} {rest}"
