"""A text as the set of its runs of words, by hashes.

Words are compared without case, diacritics and punctuation, so that what differs in typography alone is the same:
letters, digits and their marks make words, all else parts them; letters are lower case and in their compatibility form
(Unicode's NFKD) without combining marks; an ideograph, and a letter of a script written without spaces (Thai, Lao,
Khmer, Burmese, kana), is a word by itself. Digits count, or are left out.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]

WORDS_A_SHINGLE = 5
ALL_LETTERS = 2**62
# Ranges whose characters are words by themselves: Thai and Lao, Burmese, Khmer, kana, ideographs and their compatibles.
_ALONE_RANGES = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
)


def word_hashes(text: str, *, with_numbers: bool = True, letters: int = ALL_LETTERS) -> Hashes:
    """A 64-bit hash of every word of ``text``, in order; of its first ``letters`` where these are fewer than all."""
    from samovar.data.duplicates.kernels import hash_words

    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    hashes = np.empty(codes.size + 1, dtype=np.uint64)
    count = hash_words(codes, _character_table(with_numbers), letters, hashes)
    return hashes[:count]


def shingle_hashes(text: str, *, words: int = WORDS_A_SHINGLE, with_numbers: bool = True) -> Hashes:
    """A 64-bit hash of every run of ``words`` words, in order, repeats included.

    A shorter text is one run; one without words has none.
    """
    from samovar.data.duplicates.kernels import hash_shingles

    hashes = word_hashes(text, with_numbers=with_numbers)
    words = min(words, hashes.size)
    if not words:
        return hashes
    shingles = np.empty(hashes.size - words + 1, dtype=np.uint64)
    hash_shingles(hashes, words, shingles)
    return shingles


def jaccard(left: Hashes, right: Hashes) -> float:
    """The share of what either set has that both have; two empty sets share nothing.

    Args:
        left: sorted, without repeats, as ``numpy.unique`` gives it.
        right: the same.
    """
    from samovar.data.duplicates.kernels import count_common

    common = int(count_common(left, right))
    either = left.size + right.size - common
    return common / either if either else 0.0


@cache
def _character_table(with_numbers: bool) -> Any:
    """For every code of the first two planes what ``kernels.hash_words`` is to do with it."""
    from samovar.data.duplicates.kernels import ALONE, FIRST_FOLDED, SEPARATOR, SKIPPED, TABLE_SIZE

    table = np.full(TABLE_SIZE, SEPARATOR, dtype=np.uint32)
    for code in range(TABLE_SIZE):
        category = unicodedata.category(chr(code))
        if category == "Mn" or (category[0] == "N" and not with_numbers):
            table[code] = SKIPPED
        elif category[0] in "LNM":
            table[code] = _folded(chr(code)) + FIRST_FOLDED
    for first, last in _ALONE_RANGES:
        part = table[first : last + 1]
        part[part >= FIRST_FOLDED] = ALONE
    return table


def _folded(character: str) -> int:
    """The code of a letter or digit in lower case and without diacritics; of itself where that is not one letter."""
    decomposed = unicodedata.normalize("NFKD", character.lower())
    base = [part for part in decomposed if unicodedata.category(part) != "Mn"]
    return ord(base[0].lower()) if len(base) == 1 and len(base[0].lower()) == 1 else ord(character)
