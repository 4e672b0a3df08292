"""MinHash signatures and the bands by which near-duplicates find each other.

Source: Broder 1997, 'On the resemblance and containment of documents'; the parameters are FineWeb's (Penedo et al.
2024, arXiv:2406.17557, section 3.4): runs of five words, 14 bands of 8 hashes of 64 bits.

The permutations are compiled loops: over shingles hashed already they take 190 MB of English a second on one core of an
AMD EPYC, numpy 8. rensa takes 560, but its hashes have 32 bits.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from samovar.data.duplicates.shingles import WORDS_A_SHINGLE, Hashes, shingle_hashes

BANDS = 14
ROWS = 8
NO_SHINGLE = np.uint64(2**64 - 1)


class Sketch(NamedTuple):
    """How texts are compared; sketches of two texts can be compared when these are equal."""

    words: int = WORDS_A_SHINGLE
    bands: int = BANDS
    rows: int = ROWS
    with_numbers: bool = True

    def shingles(self, text: str) -> Hashes:
        """The hashes of the runs of words, sorted, without repeats."""
        return np.unique(shingle_hashes(text, words=self.words, with_numbers=self.with_numbers))

    def band_hashes(self, text: str) -> Hashes:
        """A hash a band; empty for a text without words."""
        return self.band_hashes_of(shingle_hashes(text, words=self.words, with_numbers=self.with_numbers))

    def band_hashes_of(self, shingles: Hashes) -> Hashes:
        """A hash a band of a text whose shingles are hashed already, in any order."""
        minima = signature(shingles, hashes=self.bands * self.rows)
        return band_hashes(minima, bands=self.bands) if minima.size else minima


def signature(shingles: Hashes, *, hashes: int = BANDS * ROWS) -> Hashes:
    """For each of ``hashes`` permutations the least hash of a run of words of the text that has these shingles.

    The share of equal places in two signatures estimates the Jaccard similarity of their texts without bias. It is
    empty for a text without words.
    """
    from samovar.data.duplicates.kernels import lower_minima

    if not shingles.size:
        return shingles
    minima = np.full(hashes, NO_SHINGLE)
    factors, summands = _permutations(hashes)
    lower_minima(shingles, factors, summands, minima)
    return minima


def band_hashes(minima: Hashes, *, bands: int = BANDS) -> Hashes:
    """One 64-bit hash a band of a signature; texts with an equal one in the same band are candidates."""
    from samovar.data.duplicates.kernels import hash_rows

    hashes = np.empty(bands, dtype=np.uint64)
    hash_rows(minima.reshape(bands, -1), hashes)
    return hashes


def probability_of_finding(similarity: float, *, bands: int = BANDS, rows: int = ROWS) -> float:
    """That two texts of this Jaccard similarity share at least one band."""
    return 1 - (1 - similarity**rows) ** bands


@cache
def _permutations(count: int) -> tuple[Hashes, Hashes]:
    """Odd factors and summands of ``x * factor + summand`` modulo 2**64, which permute the 64-bit numbers.

    The shingles are mixed hashes, so that the order of their images is as good as random. The constants are the
    output of splitmix64 (Steele, Lea, Flood 2014) from state 0: the same on every machine, whatever numpy's version.
    """
    values = [_splitmix64(place) for place in range(2 * count)]
    factors = np.array([value | 1 for value in values[0::2]], dtype=np.uint64)
    summands = np.array(values[1::2], dtype=np.uint64)
    return factors, summands


def _splitmix64(place: int) -> int:
    whole = 2**64 - 1
    value = (place + 1) * 0x9E3779B97F4A7C15 & whole
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & whole
    value = (value ^ value >> 27) * 0x94D049BB133111EB & whole
    return value ^ value >> 31
