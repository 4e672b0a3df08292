"""Words near one another: windows around every mention of a group, and what a word's window holds as a rule.

A window is so many words on each side of a word. How many windows around mentions hold a negative word is compared
with how many windows around all words do: longer sentences, in which there is more of everything, make no difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from samovar.data.bias.mentions import Group, Mention
from samovar.data.classify.features import character_table

ALPHABETS = ("ru", "en")
"""What is compared with its own kind: words in Cyrillic letters, and words in Latin ones."""
_CYRILLIC = (0x400, 0x530)


class Beside(NamedTuple):
    """A mention and the negative words in its window."""

    mention: Mention
    group: Group
    alphabet: str
    negative: tuple[Mention, ...]


class Windows(NamedTuple):
    """What a text holds."""

    words: dict[str, int]
    """Words by alphabet that are not negative themselves."""
    near: dict[str, int]
    """Those of them that have a negative word in their window."""
    mentions: list[Beside]


def windows(text: str, mentions: Sequence[Mention], negative: Sequence[Mention], size: int) -> Windows:
    """Lay windows of ``size`` words on each side around the words of ``text`` and around ``mentions``.

    Both lists are in the order of their places, and those of ``negative`` do not overlap.
    """
    begins, ends, are_cyrillic = _words(text)
    firsts, lasts = _numbers(begins, ends, negative)
    is_negative = np.zeros(len(begins), dtype=bool)
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        is_negative[first : last + 1] = True
    # How many negative words lie before each word: the difference between the ends of a window is what it holds.
    before = np.concatenate(([0], np.cumsum(is_negative)))
    places = np.arange(len(begins))
    is_near = before[np.minimum(places + size + 1, len(begins))] > before[np.maximum(places - size, 0)]
    found = []
    for mention, first, last in zip(
        mentions, *(numbers.tolist() for numbers in _numbers(begins, ends, mentions)), strict=True
    ):
        if mention.group is not None and last >= first:
            low, high = np.searchsorted(lasts, first - size), np.searchsorted(firsts, last + size, side="right")
            alphabet = ALPHABETS[0] if are_cyrillic[first] else ALPHABETS[1]
            found.append(Beside(mention, mention.group, alphabet, tuple(negative[low:high])))
    words, near = {}, {}
    for alphabet, are_its in zip(ALPHABETS, (are_cyrillic, ~are_cyrillic), strict=True):
        counted = are_its & ~is_negative
        words[alphabet] = int(np.count_nonzero(counted))
        near[alphabet] = int(np.count_nonzero(counted & is_near))
    return Windows(words, near, found)


def _words(text: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Begin and end of every word of letters or digits, and whether it begins with a Cyrillic letter."""
    from samovar.data.classify.kernels import SYMBOL, TABLE_SIZE, cut_words

    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    hashes = np.empty(codes.size, dtype=np.uint64)
    begins, ends = np.empty(codes.size, dtype=np.int64), np.empty(codes.size, dtype=np.int64)
    count = cut_words(codes, character_table(), hashes, begins, ends)
    begins, ends = begins[:count], ends[:count]
    firsts = codes[begins]
    kinds = (character_table()[np.minimum(firsts, TABLE_SIZE - 1)] >> 24) & 7
    are_words = (kinds != SYMBOL) | (firsts >= TABLE_SIZE)
    begins, ends, firsts = begins[are_words], ends[are_words], firsts[are_words]
    return begins, ends, (firsts >= _CYRILLIC[0]) & (firsts < _CYRILLIC[1])


def _numbers(begins: np.ndarray, ends: np.ndarray, places: Sequence[Mention]) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of the first and the last word of every place; the last is below the first where it has none."""
    firsts = np.searchsorted(ends, [one.start for one in places], side="right")
    lasts = np.searchsorted(begins, [one.end for one in places], side="left") - 1
    return firsts, lasts
