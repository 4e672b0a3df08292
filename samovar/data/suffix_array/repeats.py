"""Passages of a number of words that occur twice, found by sorting the suffixes that begin at a word.

A window is that many words in a row. Equal windows stand side by side among the sorted suffixes, so that comparing
neighbours finds them all, and no others.

Source: Lee et al. 2022, arXiv:2107.06499, section 4.2, with words in place of tokens, so that a passage is found
whatever its line ends are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from samovar.data.suffix_array.construction import chosen_suffixes

LEAST_WORDS = 8
"""Of a window: 15 bytes at least, so that it can be compared eight bytes at a time."""


class Repeats(NamedTuple):
    """The windows that occurred before, by the numbers of their first words."""

    windows: np.ndarray
    """int64; not in order."""
    earliest: np.ndarray
    """int64; where the same words stand first."""


def words_of(text: bytes | bytearray) -> tuple[np.ndarray, np.ndarray]:
    """Where the words of UTF-8 ``text`` start and end, in bytes; a word is what stands between ASCII white space."""
    is_word = np.frombuffer(text, dtype=np.uint8) > 32
    edges = np.flatnonzero(np.diff(is_word, prepend=np.False_, append=np.False_))
    return edges[::2], edges[1::2]


def single_spaced(text: bytes, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The words of ``text`` with one space behind each, the last one too; uint8."""
    padded = np.frombuffer(text + b" ", dtype=np.uint8).copy()
    is_kept = padded > 32
    padded[~is_kept] = 32
    is_kept[ends] = True
    return padded[is_kept]


def find_repeats(text: bytearray, pieces: np.ndarray, num_words: int) -> Repeats:
    """The windows of ``num_words`` words that occurred before without overlapping.

    Takes about ten bytes of memory for each byte of ``text``.

    Args:
        text: pieces of documents, words with one space behind each.
        pieces: int64, a row a piece: the number of its first word in the corpus, and how many words it has.
        num_words: at least ``LEAST_WORDS``.
    """
    starts, ends, numbers = _windows(text, pieces, num_words)
    is_start = np.zeros(len(text), dtype=bool)
    is_start[starts] = True
    positions = chosen_suffixes(text, is_start)
    del is_start
    order = np.searchsorted(starts, positions)
    is_same = _same_as_previous(text, positions, (ends - starts)[order])
    if not is_same.any():
        return Repeats(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    numbers = numbers[order]
    class_starts = np.flatnonzero(~is_same)
    sizes = np.diff(class_starts, append=len(numbers))
    earliest = np.repeat(np.minimum.reduceat(numbers, class_starts), sizes)
    # A run such as '0 0 0 0 …' repeats itself word by word: what overlaps its first occurrence is part of that.
    is_repeat = numbers - earliest >= num_words
    return Repeats(numbers[is_repeat], earliest[is_repeat])


def _windows(text: bytearray, pieces: np.ndarray, num_words: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First byte, byte behind the last, and number of the first word of each window that lies in one piece."""
    starts, ends = words_of(text)
    firsts, sizes = pieces[:, 0], pieces[:, 1]
    piece_ends = np.cumsum(sizes)
    places = np.arange(len(starts))
    chosen = np.flatnonzero(np.repeat(piece_ends, sizes) - places >= num_words)
    numbers = (np.repeat(firsts - piece_ends + sizes, sizes) + places)[chosen]
    return starts[chosen].astype(np.uint32), ends[chosen + num_words - 1].astype(np.uint32), numbers


def _same_as_previous(text: bytearray, positions: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Whether each window spells what the one before it in sorted order does; the first is not."""
    # Every place of the text as the eight bytes that begin there.
    eights = np.ndarray(max(0, len(text) - 7), dtype=np.uint64, buffer=text, strides=(1,))
    is_same = np.zeros(len(positions), dtype=bool)
    alive = np.flatnonzero(lengths[1:] == lengths[:-1]) + 1
    offset = 0
    while len(alive):
        ending = lengths[alive].astype(np.int64) - 8
        at = np.minimum(offset, ending)
        equal = eights[positions[alive] + at] == eights[positions[alive - 1] + at]
        is_same[alive[equal & (ending <= offset)]] = True
        alive = alive[equal & (ending > offset)]
        offset += 8
    return is_same
