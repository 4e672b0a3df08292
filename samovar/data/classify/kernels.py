"""The inner loops of the classifier, compiled by numba when first called and kept beside this file.

Sums run in one order, so that the same examples give the same weights in every process of a machine.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from samovar.data.duplicates.kernels import compiled, mix

TABLE_SIZE = 0x20000
SPACE, LETTER, DIGIT, SYMBOL = 0, 1, 2, 3
"""Kinds of characters; a table has the kind above bit 24 and the folded character below."""
CAPITAL_BIT = 1 << 27
SHORTEST, LONGEST = 3, 5
"""Letters of the runs of letters that are features, the beginning and the end of a word counted as letters."""
MOST_FEATURES_A_CHARACTER = 6

_LIMIT = np.uint32(TABLE_SIZE)
_FOLDED = np.uint32((1 << 24) - 1)
_KIND_SHIFT, _KIND_MASK = np.uint32(24), np.uint32(7)
_CAPITAL = np.uint32(CAPITAL_BIT)
_EMPTY = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)
_PAIR_BASE = np.uint64(0x9E3779B97F4A7C15)
_LETTERS_SEED = np.uint64(0x2545F4914F6CDD1D)
_CAPITALS_HASH = np.uint64(0x5851F42D4C957F2D)
_EDGE = np.uint64(0x110000)
_MOST_SYMBOLS = 3


@compiled
def fold(code: Any, table: Any) -> Any:
    """The entry of ``table`` for a code; what lies beyond it is a letter that folds to itself."""
    if code < _LIMIT:
        return table[code]
    return (code & _FOLDED) | (np.uint32(LETTER) << _KIND_SHIFT)


@compiled
def word_end(codes: Any, table: Any, begin: Any) -> Any:
    """Where the word that begins at ``begin`` ends: a run of letters and digits, or of one symbol."""
    entry = fold(codes[begin], table)
    kind = (entry >> _KIND_SHIFT) & _KIND_MASK
    end = begin + 1
    if kind == SYMBOL:
        while end < codes.size and codes[end] == codes[begin]:
            end += 1
        return end
    while end < codes.size:
        kind = (fold(codes[end], table) >> _KIND_SHIFT) & _KIND_MASK
        if kind != LETTER and kind != DIGIT:
            break
        end += 1
    return end


@compiled
def cut_words(codes: Any, table: Any, hashes: Any, begins: Any, ends: Any) -> Any:
    """Write hash, begin and end of every word of ``codes`` (UTF-32); gives how many there are."""
    count = at = 0
    while at < codes.size:
        if (fold(codes[at], table) >> _KIND_SHIFT) & _KIND_MASK == SPACE:
            at += 1
            continue
        end = word_end(codes, table, at)
        is_symbol = (fold(codes[at], table) >> _KIND_SHIFT) & _KIND_MASK == SYMBOL
        state = _EMPTY
        for i in range(at, min(end, at + _MOST_SYMBOLS) if is_symbol else end):
            state = (state ^ np.uint64(fold(codes[i], table) & _FOLDED)) * _PRIME
        hashes[count], begins[count], ends[count] = mix(state), at, end
        count += 1
        at = end
    return count


@compiled
def is_capitals(codes: Any, table: Any, begin: Any, end: Any) -> Any:
    """Whether a word is of two capitals at least and nothing else."""
    for i in range(begin, end):
        if not fold(codes[i], table) & _CAPITAL:
            return False
    return end - begin > 1


@compiled
def letter_runs(codes: Any, table: Any, begin: Any, end: Any, hashes: Any, count: Any) -> Any:
    """Write the runs of letters of a word behind the ``count`` features that are there; gives the new count."""
    for first in range(begin - 1, end):
        state = _LETTERS_SEED
        for i in range(first, min(end + 1, first + LONGEST)):
            letter = _EDGE
            if begin <= i < end:
                letter = np.uint64(fold(codes[i], table) & _FOLDED)
            state = (state ^ letter) * _PRIME
            if i - first + 1 >= SHORTEST:
                hashes[count] = mix(state)
                count += 1
    return count


@compiled
def hash_features(codes: Any, table: Any, hashes: Any, begins: Any, ends: Any) -> Any:
    """Write every feature of ``codes``: words, pairs of words, runs of letters, words in capitals; gives how many.

    ``hashes`` has room for ``MOST_FEATURES_A_CHARACTER`` a code, ``begins`` and ``ends`` for one.
    """
    num_words = cut_words(codes, table, hashes, begins, ends)
    count = num_words
    for i in range(num_words):
        begin, end = begins[i], ends[i]
        if i:
            hashes[count] = mix(hashes[i - 1] * _PAIR_BASE + hashes[i])
            count += 1
        if (fold(codes[begin], table) >> _KIND_SHIFT) & _KIND_MASK == SYMBOL:
            continue
        if is_capitals(codes, table, begin, end):
            hashes[count] = _CAPITALS_HASH
            count += 1
        count = letter_runs(codes, table, begin, end, hashes, count)
    return count


@compiled
def count_buckets(hashes: Any, shift: Any, counts: Any, buckets: Any, values: Any) -> Any:
    """Write the different buckets of ``hashes`` and their values, 1 + ln(count) over the length of all.

    Args:
        counts: int32 of zeros, one a bucket; zeros again afterwards.
    Returns:
        how many there are.
    """
    count = 0
    for value in hashes:
        bucket = np.int64(value >> shift)
        if counts[bucket] == 0:
            buckets[count] = bucket
            count += 1
        counts[bucket] += 1
    squares = 0.0
    for i in range(count):
        value = 1.0 + np.log(counts[buckets[i]])
        values[i] = value
        squares += value * value
        counts[buckets[i]] = 0
    for i in range(count):
        values[i] /= np.sqrt(squares)
    return count


@compiled
def row_margins(starts: Any, buckets: Any, values: Any, weights: Any, margins: Any) -> None:
    """Write the product of every row with ``weights``."""
    for row in range(margins.size):
        total = 0.0
        for i in range(starts[row], starts[row + 1]):
            total += values[i] * weights[buckets[i]]
        margins[row] = total


@compiled
def add_rows(starts: Any, buckets: Any, values: Any, shares: Any, total: Any) -> None:
    """Add every row, times its share, to ``total``."""
    for row in range(shares.size):
        share = shares[row]
        for i in range(starts[row], starts[row + 1]):
            total[buckets[i]] += share * values[i]
