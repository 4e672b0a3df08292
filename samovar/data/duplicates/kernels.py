"""The inner loops of deduplication, compiled by numba when first called and kept beside this file.

Everything is arithmetic on unsigned 64-bit numbers modulo 2**64, so that results are the same on every machine. The
constants of a kernel have the types of its data: numba turns an unsigned number beside a signed one into a float.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from samovar.core.extras import require

numba = require("numba", extra="data")

TABLE_SIZE = 0x20000
SEPARATOR, SKIPPED, ALONE = 0, 1, 2
"""What a table of characters says beside a folded character: it ends a word, is left out, is a word of its own."""
FIRST_FOLDED = 3
"""Folded characters begin here in a table."""

_LIMIT = np.uint32(TABLE_SIZE)
_SEPARATOR, _SKIPPED, _ALONE = np.uint32(SEPARATOR), np.uint32(SKIPPED), np.uint32(ALONE)
_IDEOGRAPHS_END = np.uint32(0x40000)
_EMPTY = np.uint64(0xCBF29CE484222325)
_FNV_PRIME = np.uint64(0x100000001B3)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)
_SHINGLE_BASE = np.uint64(0x9E3779B97F4A7C15)


def compiled(function: Callable[..., Any]) -> Any:
    """``function`` compiled, from the cache where a folder for it can be written."""
    try:
        return numba.njit(function, cache=True, nogil=True)
    except RuntimeError:  # no folder can be written: compiled anew in every process
        return numba.njit(function, nogil=True)


@compiled
def mix(value: Any) -> Any:
    """Spread every bit of a 64-bit number over all of it."""
    value ^= value >> _HALF
    value *= _MIX
    value ^= value >> _HALF
    value *= _MIX
    value ^= value >> _HALF
    return value


@compiled
def hash_words(codes: Any, table: Any, letters: Any, hashes: Any) -> Any:
    """Write the hash of every word of ``codes`` (UTF-32) to ``hashes``, which has room for one a code and one more.

    Only the first ``letters`` of a word count.

    Returns:
        how many there are.
    """
    count = length = 0
    state = _EMPTY
    for code in codes:
        if code < _LIMIT:
            folded = table[code]
        else:
            folded = _ALONE if code < _IDEOGRAPHS_END else _SEPARATOR
        if folded > _ALONE:
            if length < letters:
                state = (state ^ np.uint64(folded)) * _FNV_PRIME
            length += 1
        elif folded != _SKIPPED:
            hashes[count] = state
            count += int(state != _EMPTY)
            state = _EMPTY
            length = 0
            if folded == _ALONE:
                hashes[count] = (_EMPTY ^ np.uint64(code)) * _FNV_PRIME
                count += 1
    hashes[count] = state
    count += int(state != _EMPTY)
    for i in range(count):
        hashes[i] = mix(hashes[i])
    return count


@compiled
def hash_shingles(words: Any, size: Any, hashes: Any) -> None:
    """Write the hash of every run of ``size`` words to ``hashes``, which has room for just them."""
    for i in range(hashes.size):
        state = np.uint64(0)
        for j in range(size):
            state = state * _SHINGLE_BASE + words[i + j]
        hashes[i] = mix(state)


@compiled
def lower_minima(shingles: Any, factors: Any, summands: Any, minima: Any) -> None:
    """Lower ``minima[k]`` to the least of ``shingles * factors[k] + summands[k]``.

    Four shingles a turn: a third faster than one, because the minima are loaded and stored a quarter as often.
    """
    whole = shingles.size // 4 * 4
    for i in range(0, whole, 4):
        first, second, third, fourth = shingles[i], shingles[i + 1], shingles[i + 2], shingles[i + 3]
        for k in range(minima.size):
            factor, summand = factors[k], summands[k]
            left = min(first * factor + summand, second * factor + summand)
            right = min(third * factor + summand, fourth * factor + summand)
            minima[k] = min(minima[k], min(left, right))
    for i in range(whole, shingles.size):
        for k in range(minima.size):
            minima[k] = min(minima[k], shingles[i] * factors[k] + summands[k])


@compiled
def hash_rows(rows: Any, hashes: Any) -> None:
    """Write a hash of each row of ``rows`` to ``hashes``."""
    for i in range(rows.shape[0]):
        state = np.uint64(0)
        for value in rows[i]:
            state = mix(state * _SHINGLE_BASE + value)
        hashes[i] = state


@compiled
def find_root(parents: Any, number: Any) -> Any:
    """The root of ``number``; the way there is halved."""
    while parents[number] != number:
        parents[number] = parents[parents[number]]
        number = parents[number]
    return number


@compiled
def join_pairs(parents: Any, pairs: Any) -> None:
    """Join the two of every pair; the root of a tree is its smallest number."""
    for i in range(pairs.shape[0]):
        left, right = find_root(parents, pairs[i, 0]), find_root(parents, pairs[i, 1])
        if left < right:
            parents[right] = left
        elif right < left:
            parents[left] = right


@compiled
def roots_of(parents: Any, start: Any, roots: Any) -> None:
    """Write the roots of the numbers from ``start`` on to ``roots``."""
    for i in range(roots.size):
        roots[i] = find_root(parents, start + i)


@compiled
def count_common(left: Any, right: Any) -> Any:
    """How many numbers two sorted arrays without repeats share."""
    i = j = common = 0
    while i < left.size and j < right.size:
        if left[i] < right[j]:
            i += 1
        elif right[j] < left[i]:
            j += 1
        else:
            common += 1
            i += 1
            j += 1
    return common


@compiled
def add_projected(features: Any, weights: Any, places: Any, vector: Any) -> None:
    """Add every feature's weight to ``places`` entries of ``vector``, which its hash chooses, with signs as it says."""
    width = np.uint64(vector.size)
    for i in range(features.size):
        state = features[i]
        for _ in range(places):
            state = mix(state + _SHINGLE_BASE)
            place = np.int64((state >> np.uint64(1)) % width)
            if state & np.uint64(1):
                vector[place] += weights[i]
            else:
                vector[place] -= weights[i]
