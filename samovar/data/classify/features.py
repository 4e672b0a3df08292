"""A text as the features by which it is judged: words, pairs of words, runs of letters and words in capitals.

Letters are folded to lower case, digits to 0; a run of one symbol is a word. A feature is the bucket that its hash
falls into, and its value 1 + ln(how often), all values of a text together of length 1.

Legend: F buckets, R rows (texts), E entries of all rows together.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import numpy as np

from samovar.data.splitting import evenly_cut

BUCKET_BITS = 20
READ_CHARACTERS = 12_000


class Row(NamedTuple):
    """The features of one text."""

    buckets: np.ndarray
    """int32, all different."""
    values: np.ndarray
    """float32; the sum of squares is 1, but for a text without features."""


class Rows(NamedTuple):
    """The features of many texts, one behind the other."""

    starts: np.ndarray
    """int64, one a row and one more: where each begins."""
    buckets_E: np.ndarray
    values_E: np.ndarray

    def take(self, numbers: np.ndarray) -> Rows:
        """Some of the rows, in the order of ``numbers``."""
        lengths = np.diff(self.starts)[numbers]
        starts = np.concatenate(([0], np.cumsum(lengths)))
        places = np.repeat(self.starts[:-1][numbers] - starts[:-1], lengths) + np.arange(starts[-1])
        return Rows(starts, self.buckets_E[places], self.values_E[places])

    def __len__(self) -> int:
        return len(self.starts) - 1


class Extractor:
    """Turns texts into rows. It holds four megabytes for counting, and none of the texts."""

    def __init__(self, bucket_bits: int = BUCKET_BITS) -> None:
        self.bucket_bits = bucket_bits
        self._counts = np.zeros(1 << bucket_bits, dtype=np.int32)

    def row(self, text: str) -> Row:
        """The features of ``text``; of a long one, of stretches that lie evenly over it."""
        from samovar.data.classify.kernels import count_buckets

        hashes = _feature_hashes(evenly_cut(text, READ_CHARACTERS))
        buckets = np.empty(hashes.size, dtype=np.int32)
        values = np.empty(hashes.size, dtype=np.float32)
        count = count_buckets(hashes, np.uint64(64 - self.bucket_bits), self._counts, buckets, values)
        return Row(buckets[:count], values[:count])

    def rows(self, texts: Iterable[str]) -> Rows:
        """The features of all ``texts``."""
        rows = [self.row(text) for text in texts]
        starts = np.concatenate(([0], np.cumsum([len(row.buckets) for row in rows], dtype=np.int64)))
        if not rows:
            return Rows(starts, np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32))
        return Rows(starts, np.concatenate([row.buckets for row in rows]), np.concatenate([row.values for row in rows]))


def _feature_hashes(text: str) -> np.ndarray:
    from samovar.data.classify.kernels import MOST_FEATURES_A_CHARACTER, hash_features

    codes = _codes(text)
    hashes = np.empty(MOST_FEATURES_A_CHARACTER * codes.size + 1, dtype=np.uint64)
    begins, ends = np.empty(codes.size, dtype=np.int64), np.empty(codes.size, dtype=np.int64)
    count = hash_features(codes, character_table(), hashes, begins, ends)
    return hashes[:count]


def word_hashes(text: str) -> np.ndarray:
    """The hash of every word of the whole ``text``, in order; uint64."""
    from samovar.data.classify.kernels import cut_words

    codes = _codes(text)
    hashes = np.empty(codes.size, dtype=np.uint64)
    begins, ends = np.empty(codes.size, dtype=np.int64), np.empty(codes.size, dtype=np.int64)
    return hashes[: cut_words(codes, character_table(), hashes, begins, ends)]


def words_of(text: str) -> list[str]:
    """The words by which ``text`` is judged, folded."""
    from samovar.data.classify.kernels import cut_words

    text = evenly_cut(text, READ_CHARACTERS)
    codes = _codes(text)
    hashes = np.empty(codes.size, dtype=np.uint64)
    begins, ends = np.empty(codes.size, dtype=np.int64), np.empty(codes.size, dtype=np.int64)
    count = cut_words(codes, character_table(), hashes, begins, ends)
    return [_folded(text[begins[i] : ends[i]]) for i in range(count)]


def _codes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _folded(text: str) -> str:
    return "".join("0" if character.isdecimal() else character for character in text.lower())


@cache
def character_table() -> np.ndarray:
    """For every code of the first two planes its kind and what it folds to, as ``kernels`` reads them; uint32."""
    from samovar.data.classify.kernels import CAPITAL_BIT, DIGIT, TABLE_SIZE

    table = np.empty(TABLE_SIZE, dtype=np.uint32)
    for code in range(TABLE_SIZE):
        character = chr(code)
        kind = _kind(character)
        lower = character.lower()
        folded = ord("0") if kind == DIGIT else ord(lower) if len(lower) == 1 else code
        is_capital = unicodedata.category(character) == "Lu"
        table[code] = folded | kind << 24 | (CAPITAL_BIT if is_capital else 0)
    return table


def _kind(character: str) -> int:
    from samovar.data.classify.kernels import DIGIT, LETTER, SPACE, SYMBOL

    category = unicodedata.category(character)
    if character.isspace() or category[0] == "C":
        return SPACE
    if category == "Nd":
        return DIGIT
    return LETTER if category[0] in "LMN" else SYMBOL
