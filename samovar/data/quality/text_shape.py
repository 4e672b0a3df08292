"""A text cut into words once, as numbers, so that every rule of quality counts on the same arrays.

A word is a run of letters, digits, marks and underscores. Inside it may stand, between two digits, one of . , : / and,
between a letter and a digit, a hyphen; an apostrophe between letters too, but before a Latin letter it begins a word
(don 't), while in м'ята it doesn't. Every other visible character is a word of its own, but for runs of full stops and
of hyphens, which are one each. So punctuation counts among the words, much as in the tokenizers with which the
thresholds of FineWeb and FineWeb-2 were found (spaCy's, in datatrove); plain splitting at blanks would hide it.

Legend: C characters of a piece, N words of the text.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import NamedTuple

import numpy as np

from samovar.data.quality.characters import (
    APOSTROPHE,
    DIGIT,
    FULL_STOP,
    HYPHEN,
    IDEOGRAPH,
    LETTER,
    SPACE,
    SYMBOL,
    character_classes,
)

# Pieces of this many characters stay in the processor's cache, and bound the memory for the longest text.
PIECE_CHARACTERS = 1 << 16
# Odd, and 3 modulo 4: then two words that differ in the order of two letters differ in their hashes.
_BASE = np.uint64(0x9E3779B97F4A7C17)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_HALF = np.uint64(32)


class Words(NamedTuple):
    """The words of a text, in order."""

    hashes_N: np.ndarray
    """uint64; equal words have equal hashes, and other words others but for a chance of about 2 to the -60."""
    lengths_N: np.ndarray
    """int64, in characters."""
    are_symbols_N: np.ndarray
    """bool: punctuation and the like."""
    have_letters_N: np.ndarray
    """bool: with one letter at least."""


class TextShape:
    """A text, and what all rules ask of it, each computed when first asked for."""

    def __init__(self, text: str) -> None:
        self.given = text
        self.text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
        """With line ends as the published rules know them."""
        self.memo: dict[str, float] = {}
        """What a rule has found out and another may ask again, by its name."""

    @cached_property
    def words(self) -> Words:
        """The words as arrays."""
        pieces = [_cut_words(piece) for piece in _pieces(self.text)]
        return (
            pieces[0] if len(pieces) == 1 else Words(*(np.concatenate(arrays) for arrays in zip(*pieces, strict=True)))
        )

    @cached_property
    def ends_N(self) -> np.ndarray:
        """Characters of all words up to and with each, without blanks; int64."""
        return np.cumsum(self.words.lengths_N)

    @cached_property
    def lines(self) -> list[str]:
        """Lines that are not blank."""
        return [line for line in self.text.split("\n") if line and not line.isspace()]

    @property
    def num_words(self) -> int:
        """How many words, punctuation among them."""
        return len(self.words.hashes_N)


_last: list[TextShape] = []


def shape_of(text: str) -> TextShape:
    """The shape of ``text``. That of the last text is kept, so that steps in a row cut a document once."""
    if not _last or _last[0].given is not text:
        _last[:] = [TextShape(text)]
    return _last[0]


def _pieces(text: str) -> list[str]:
    """The text in pieces, cut at blanks where there are any."""
    pieces = []
    begin = 0
    while len(text) - begin > PIECE_CHARACTERS:
        limit = begin + PIECE_CHARACTERS
        cut = max(text.rfind(" ", begin, limit), text.rfind("\n", begin, limit)) + 1
        end = cut if cut > begin else limit
        pieces.append(text[begin:end])
        begin = end
    pieces.append(text[begin:])
    return pieces


@cache
def _powers() -> tuple[np.ndarray, np.ndarray]:
    """Powers of the base and of its inverse modulo 2 to the 64."""
    with np.errstate(over="ignore"):
        inverse = np.uint64(pow(int(_BASE), -1, 1 << 64))
        ones = np.ones(PIECE_CHARACTERS + 1, dtype=np.uint64)
        up, down = ones.copy(), ones.copy()
        up[1:], down[1:] = _BASE, inverse
        return np.multiply.accumulate(up), np.multiply.accumulate(down)


def _cut_words(piece: str) -> Words:
    codes_C = np.frombuffer(piece.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    classes_C = character_classes()[codes_C]
    goes_on, cuts = _settle_inner_marks(classes_C, codes_C)
    in_word_C = (classes_C == LETTER) | (classes_C == DIGIT)
    alone_C = ~in_word_C & (classes_C != SPACE)
    begins_C = in_word_C.copy()
    begins_C[1:] &= ~in_word_C[:-1]
    begins_C |= alone_C
    ends_C = in_word_C.copy()
    ends_C[:-1] &= ~in_word_C[1:]
    ends_C |= alone_C
    begins_C[goes_on], ends_C[goes_on - 1] = False, False
    begins_C[cuts], ends_C[cuts - 1] = True, True
    begins_N, ends_N = np.flatnonzero(begins_C), np.flatnonzero(ends_C)
    letters_C = np.cumsum((classes_C == LETTER) | (classes_C == IDEOGRAPH), dtype=np.int32)
    num_letters_N = letters_C[ends_N] - letters_C[begins_N] + _is_letter(classes_C[begins_N])
    are_symbols_N = ~in_word_C[begins_N] & (classes_C[begins_N] != IDEOGRAPH)
    return Words(_hash_words(codes_C, begins_N, ends_N), ends_N - begins_N + 1, are_symbols_N, num_letters_N > 0)


def _is_letter(classes: np.ndarray) -> np.ndarray:
    return (classes == LETTER) | (classes == IDEOGRAPH)


def _settle_inner_marks(classes_C: np.ndarray, codes_C: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Make marks inside words part of them, in place.

    Gives the places of the full stops and hyphens that go on a run of them, and of the apostrophes that begin a word.
    """
    marks = np.flatnonzero(classes_C >= FULL_STOP)
    if not marks.size:
        return marks, marks
    kinds = classes_C[marks]
    before, after = classes_C[marks - 1], classes_C[np.minimum(marks + 1, len(classes_C) - 1)]
    if not marks[0]:
        before[0] = SPACE
    between_digits = (kinds < HYPHEN) & (before == DIGIT) & (after == DIGIT)
    in_name = (kinds == HYPHEN) & (before + after == LETTER + DIGIT) & (before != SPACE) & (after != SPACE)
    between_letters = (kinds == APOSTROPHE) & (before == LETTER) & (after == LETTER)
    goes_on = marks[((kinds == FULL_STOP) | (kinds == HYPHEN)) & (before == kinds)]
    cuts = marks[between_letters]
    cuts = cuts[codes_C[cuts + 1] < 128]
    classes_C[marks] = np.where(between_digits, DIGIT, np.where(in_name | between_letters, LETTER, SYMBOL))
    return goes_on, cuts


def _hash_words(codes_C: np.ndarray, begins_N: np.ndarray, ends_N: np.ndarray) -> np.ndarray:
    """A polynomial hash of each word, from one running sum over the text."""
    powers, inverses = _powers()
    mixed_C = codes_C.astype(np.uint64)
    mixed_C *= _BASE
    mixed_C ^= mixed_C >> _HALF
    mixed_C *= _MIX
    sums_C = np.zeros(len(codes_C) + 1, dtype=np.uint64)
    np.cumsum(mixed_C * powers[: len(codes_C)], out=sums_C[1:])
    hashes_N = (sums_C[ends_N + 1] - sums_C[begins_N]) * inverses[begins_N]
    hashes_N ^= hashes_N >> _HALF
    return hashes_N * _MIX
