"""Scripts and lengths of the documents that came through, in constant memory."""

from __future__ import annotations

import re
from collections import Counter

_LOOKED_AT_CHARACTERS = 2000
_CYRILLIC = re.compile(r"[\u0400-\u052f]+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+")


class TextStatistics:
    """Counts documents and characters by script, and documents by length in powers of two."""

    def __init__(self) -> None:
        self.documents_by_script: Counter[str] = Counter()
        self.characters_by_script: Counter[str] = Counter()
        self.documents_by_length_bits: Counter[int] = Counter()

    def add(self, text: str) -> None:
        """Count a document."""
        script = script_of(text)
        self.documents_by_script[script] += 1
        self.characters_by_script[script] += len(text)
        self.documents_by_length_bits[len(text).bit_length()] += 1


def script_of(text: str) -> str:
    """Cyrillic, Latin, both or other, by the letters of the first two thousand characters.

    It tells alphabets, not languages: 'both' is where each has at least a fifth of the letters.
    """
    head = text[:_LOOKED_AT_CHARACTERS]
    cyrillic = 0 if head.isascii() else sum(map(len, _CYRILLIC.findall(head)))
    latin = sum(map(len, _LATIN.findall(head)))
    num_other = 0 if head.isascii() else sum(character.isalpha() for character in head) - cyrillic - latin
    total = cyrillic + latin + num_other
    if total == 0 or num_other > total / 2:
        return "other"
    if cyrillic >= total / 5 and latin >= total / 5:
        return "both"
    return "Cyrillic" if cyrillic > latin else "Latin"
