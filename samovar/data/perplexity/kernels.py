"""The inner loops of the model of words, compiled by numba when first called and kept beside this file.

An n-gram is known by a hash that grows to the left: that of its last symbol, then of the last two, and so on. A table
has a row a slot, probed one after another: the hash, the logarithm of the probability, and that of the weight of what
is shorter (back-off). Logarithms are of base 2.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from samovar.data.classify.kernels import SYMBOL, fold
from samovar.data.duplicates.kernels import compiled, mix

SHOWN_OF_SYMBOLS = 3
"""A run of one symbol, a row of dashes, counts as at most three of them: the words are hashed so."""
BEGIN, END = 0x110000, 0x110001
"""Symbols that are no letters: before the first and behind the last letter of a word."""

_SEED = np.uint64(0x9E3779B97F4A7C15)
_BASE = np.uint64(0xD1342543DE82EF95)
_BEGIN, _END = np.uint64(BEGIN), np.uint64(END)
_FOLDED = np.uint32((1 << 24) - 1)
_KIND_SHIFT, _KIND_MASK = np.uint32(24), np.uint32(7)
_NOTHING = np.uint64(0)
_ONE = np.uint64(1)


@compiled
def first_key(symbol: Any) -> Any:
    """The hash of a run of one symbol; never 0, which marks a free slot."""
    return mix(symbol ^ _SEED) | _ONE


@compiled
def longer_key(key: Any, symbol: Any) -> Any:
    """The hash of the run with one symbol more on the left."""
    return mix(key * _BASE + symbol) | _ONE


@compiled
def run_keys(symbols: Any, places: Any, keys: Any) -> None:
    """Write the hashes of the runs that end at each symbol, a column a length; 0 where the sequence has no such run.

    ``places`` says how far each symbol is from the beginning of its sequence, 0 for the mark of the beginning.
    """
    for i in range(symbols.size):
        key = first_key(symbols[i])
        keys[i, 0] = key
        for length in range(1, keys.shape[1]):
            if length > places[i]:
                keys[i, length] = _NOTHING
            else:
                key = longer_key(key, symbols[i - length])
                keys[i, length] = key


@compiled
def fill(keys: Any, logs: Any, slots: Any, values: Any) -> None:
    """Put every key with its row of ``logs`` into the table of ``slots`` (a power of two of them) and ``values``."""
    mask = np.uint64(slots.size - 1)
    for i in range(keys.size):
        slot = np.int64(keys[i] & mask)
        while slots[slot] != _NOTHING:
            slot = (slot + 1) & (slots.size - 1)
        slots[slot] = keys[i]
        values[slot, 0] = logs[i, 0]
        values[slot, 1] = logs[i, 1]


@compiled
def slot_of(key: Any, slots: Any) -> Any:
    """The slot of a key; -1 where it has none."""
    slot = np.int64(key & np.uint64(slots.size - 1))
    while slots[slot] != _NOTHING:
        if slots[slot] == key:
            return slot
        slot = (slot + 1) & (slots.size - 1)
    return -1


@compiled
def start(begin: Any, past: Any, backoffs: Any, empty_backoff: Any, slots: Any, values: Any) -> Any:
    """Make ``past`` and ``backoffs`` those of the beginning of a sequence; gives how many back-offs are known."""
    past[0] = begin
    backoffs[0] = empty_backoff
    slot = slot_of(first_key(begin), slots)
    if backoffs.size == 1 or slot < 0:
        return 1
    backoffs[1] = values[slot, 1]
    return 2


@compiled
def step(symbol: Any, past: Any, num_past: Any, backoffs: Any, num_backoffs: Any, slots: Any, values: Any) -> Any:
    """The logarithm of the probability of the next symbol, and the longest known run that ends with it.

    Where that is 0, and so the symbol unknown, the logarithm lacks what a model of unknown symbols gives.

    Args:
        past: the symbols before, the nearest first, of which ``num_past`` are there. Afterwards ``symbol`` leads them.
        backoffs: of the contexts of 0, 1, ... symbols; ``num_backoffs`` are known, longer contexts are not and weigh
            nothing. Afterwards they are those of the contexts that end with ``symbol``: of 0 symbols and up to the
            length given, as long as there is room.
    """
    missing = 0.0
    for length in range(num_backoffs):
        missing += backoffs[length]
    key = first_key(symbol)
    known = 0
    found = coming = 0.0
    for length in range(num_past + 1):
        if length:
            key = longer_key(key, past[length - 1])
        slot = slot_of(key, slots)
        if slot < 0:
            break
        found = values[slot, 0]
        if length < num_backoffs:
            missing -= backoffs[length]
        if length:
            backoffs[length] = coming
        coming = values[slot, 1]
        known = length + 1
    if 0 < known < backoffs.size:
        backoffs[known] = coming
    for place in range(past.size - 1, 0, -1):
        past[place] = past[place - 1]
    if past.size:
        past[0] = symbol
    return found + missing, known


@compiled
def spelling(
    codes: Any, table: Any, begin: Any, end: Any, past: Any, backoffs: Any, empty_backoff: Any,
    unknown_letter: Any, slots: Any, values: Any,
) -> Any:  # fmt: skip
    """The logarithm of the probability of the letters of a word, its end among them."""
    num_backoffs = start(_BEGIN, past, backoffs, empty_backoff, slots, values)
    num_past = min(1, past.size)
    if (fold(codes[begin], table) >> _KIND_SHIFT) & _KIND_MASK == SYMBOL:
        end = min(end, begin + SHOWN_OF_SYMBOLS)
    total = 0.0
    for i in range(begin, end + 1):
        symbol = _END
        if i < end:
            symbol = np.uint64(fold(codes[i], table) & _FOLDED)
        log, known = step(symbol, past, num_past, backoffs, num_backoffs, slots, values)
        total += log if known else log + unknown_letter
        num_backoffs = min(known, backoffs.size - 1) + 1
        num_past = min(num_past + 1, past.size)
    return total


@compiled
def spellings(
    codes: Any, table: Any, begins: Any, ends: Any, past: Any, backoffs: Any, empty_backoff: Any,
    unknown_letter: Any, slots: Any, values: Any, logs: Any,
) -> None:  # fmt: skip
    """Write to ``logs`` the logarithm of the probability of the letters of every word."""
    for i in range(begins.size):
        logs[i] = spelling(
            codes, table, begins[i], ends[i], past, backoffs, empty_backoff, unknown_letter, slots, values
        )


@compiled
def score(
    codes: Any, table: Any, hashes: Any, begins: Any, ends: Any,
    word_past: Any, word_backoffs: Any, word_empty: Any, word_slots: Any, word_values: Any,
    letter_past: Any, letter_backoffs: Any, letter_empty: Any, unknown_letter: Any, letter_slots: Any,
    letter_values: Any,
) -> Any:  # fmt: skip
    """The logarithm of the probability of a row of words, and how many of them are unknown."""
    num_backoffs = start(_BEGIN, word_past, word_backoffs, word_empty, word_slots, word_values)
    num_past = min(1, word_past.size)
    total = 0.0
    num_unknown = 0
    for i in range(hashes.size):
        log, known = step(hashes[i], word_past, num_past, word_backoffs, num_backoffs, word_slots, word_values)
        total += log
        if not known:
            num_unknown += 1
            total += spelling(
                codes, table, begins[i], ends[i], letter_past, letter_backoffs, letter_empty, unknown_letter,
                letter_slots, letter_values,
            )  # fmt: skip
        num_backoffs = min(known, word_backoffs.size - 1) + 1
        num_past = min(num_past + 1, word_past.size)
    return total, num_unknown
