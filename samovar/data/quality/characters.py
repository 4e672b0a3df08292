"""The class of every character, as tables that numpy looks up for a whole text at once."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

SPACE, LETTER, DIGIT, SYMBOL, IDEOGRAPH, FULL_STOP, DIGIT_MARK, HYPHEN, APOSTROPHE = range(9)
"""Classes. An ideograph or kana is a word of its own; the last four are symbols that may stand inside a word."""

_NUM_CHARACTERS = 0x110000
_SMALL_PLANES_END = 0x20000
_IDEOGRAPH_PLANES = (0x20000, 0x40000)
# Hiragana and katakana, extension A, the unified ideographs, the compatibility ideographs.
_IDEOGRAPH_RANGES = ((0x3041, 0x3100), (0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00))


@cache
def character_classes() -> np.ndarray:
    """The class of each code point, uint8; made once, in about twenty milliseconds."""
    import numpy as np

    classes = np.full(_NUM_CHARACTERS, SYMBOL, dtype=np.uint8)
    classes[:_SMALL_PLANES_END] = [_class_of(chr(code)) for code in range(_SMALL_PLANES_END)]
    for begin, end in (*_IDEOGRAPH_RANGES, _IDEOGRAPH_PLANES):
        classes[begin:end] = IDEOGRAPH
    classes[ord(".")], classes[ord("-")] = FULL_STOP, HYPHEN
    classes[[ord(mark) for mark in ",:/"]] = DIGIT_MARK
    classes[[ord("'"), ord("’")]] = APOSTROPHE
    return classes


def _class_of(character: str) -> int:
    if character.isspace():
        return SPACE
    category = unicodedata.category(character)
    if category[0] in "LM":
        return LETTER
    if category[0] == "N":
        return DIGIT
    return LETTER if character == "_" else SYMBOL
