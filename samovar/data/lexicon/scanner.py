"""Gives the places of a text where words or phrases of lists may stand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from samovar.data.lexicon.notation import Entry
from samovar.data.lexicon.skeleton import PHRASE, WORD, automaton, symbol_table

_ROOM = 1024


class Candidates(NamedTuple):
    """Places in order, each once."""

    words: list[tuple[int, int]]
    """Begin and end of words that may be on a list."""
    phrases: list[int]
    """Where entries of several words may begin."""


class Scanner:
    """Runs one automaton for all ``entries`` over texts. It holds a few megabytes, and none of the texts."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._automaton = automaton(tuple(dict.fromkeys(entry.notation for entry in entries)))

    def scan(self, text: str) -> Candidates:
        """The candidates of ``text``."""
        from samovar.data.lexicon.kernels import scan

        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        room = _ROOM
        while True:
            found = np.empty((room, 3), dtype=np.int64)
            count = scan(codes, symbol_table(), *self._automaton, found)
            if count < room:
                break
            room *= 8
        rows = found[:count].tolist()
        return Candidates(
            sorted({(begin, end) for begin, end, kind in rows if kind & WORD}),
            sorted({begin for begin, _, kind in rows if kind & PHRASE}),
        )
