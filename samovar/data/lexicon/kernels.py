"""The run of the automaton over a text, compiled by numba when first called and kept beside this file."""

from __future__ import annotations

from typing import Any

import numpy as np

from samovar.data.duplicates.kernels import compiled

# The same numbers as in ``skeleton``, with the types that numba wants.
_TABLE_SIZE = np.uint32(0x20000)
_BORDER, _SKIPPED, _ONLY_INSIDE = np.uint8(0), np.uint8(255), np.uint8(64)
_WORD = np.uint8(1)
_REMEMBERED_WORDS = 16


@compiled
def symbol_at(codes: Any, table: Any, place: Any) -> Any:
    """The symbol of a code where it stands: a sign between letters may be one of them."""
    if place < 0 or place >= codes.size or codes[place] >= _TABLE_SIZE:
        return _BORDER
    symbol = table[codes[place]]
    if symbol >= _ONLY_INSIDE and symbol != _SKIPPED:
        if place == 0 or place + 1 >= codes.size:
            return _BORDER
        before, after = codes[place - 1], codes[place + 1]
        if before >= _TABLE_SIZE or after >= _TABLE_SIZE:
            return _BORDER
        if table[before] == _BORDER or table[after] == _BORDER or table[before] >= _ONLY_INSIDE:
            return _BORDER
        return np.uint8(symbol - _ONLY_INSIDE)
    return symbol


@compiled
def word_end(codes: Any, table: Any, place: Any) -> Any:
    """Where the word ends that ``place`` lies in or behind."""
    while place < codes.size and symbol_at(codes, table, place) != _BORDER:
        place += 1
    return place


@compiled
def scan(codes: Any, table: Any, next_states: Any, kinds: Any, num_words: Any, links: Any, found: Any) -> Any:
    """Write begin, end of the last word, and kind of every candidate in ``codes`` (UTF-32); gives how many there are.

    A candidate may come several times. ``found`` has a row a candidate; what it has no room for is not counted.
    """
    begins = np.zeros(_REMEMBERED_WORDS, dtype=np.int64)
    words = count = 0
    last = _BORDER
    state = next_states[0, 0]
    for place in range(codes.size + 1):
        symbol = symbol_at(codes, table, place)
        if symbol == last or symbol == _SKIPPED:  # noqa: SIM109 - numba would box a tuple
            continue
        if last == _BORDER:
            begins[words % _REMEMBERED_WORDS] = place
            words += 1
        last = symbol
        state = next_states[state, symbol]
        at = state
        while at and count < found.shape[0]:
            if kinds[at]:
                back = 1 if kinds[at] == _WORD else np.int64(num_words[at])
                found[count, 0] = begins[(words - back) % _REMEMBERED_WORDS]
                found[count, 1] = place if symbol == _BORDER else word_end(codes, table, place)
                found[count, 2] = kinds[at]
                count += 1
            at = links[at]
    return count
