"""What the documents that came through are: scripts, lengths, and groups by folder and by what meta says."""

from __future__ import annotations

import re
from collections import Counter

from samovar.data.document import Document
from samovar.data.mixture.groups import NOT_KNOWN, OTHER, SOURCE, group_key

GROUPED_BY = (SOURCE, "language", "licence", "owner", "topic", "toxic")
MAX_NAMES = 10_000
_LOOKED_AT_CHARACTERS = 2000
_CYRILLIC = re.compile(r"[\u0400-\u052f]+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+")


class GroupSizes:
    """Documents and characters by name; beyond ten thousand names the rest is counted together, as ``(other)``."""

    def __init__(self) -> None:
        self.documents: Counter[str] = Counter()
        self.characters: Counter[str] = Counter()

    def add(self, name: str, characters: int) -> None:
        """Count a document of a group."""
        if name not in self.documents and len(self.documents) >= MAX_NAMES:
            name = OTHER
        self.documents[name] += 1
        self.characters[name] += characters


class TextStatistics:
    """Counts documents and characters by script and group, and documents by length in powers of two.

    It is bounded: at most ten thousand names for each kind of group.
    """

    def __init__(self) -> None:
        self.documents_by_script: Counter[str] = Counter()
        self.characters_by_script: Counter[str] = Counter()
        self.documents_by_length_bits: Counter[int] = Counter()
        self.groups = {by: GroupSizes() for by in GROUPED_BY}

    def add(self, document: Document) -> None:
        """Count a document."""
        size = len(document.text)
        script = script_of(document.text)
        self.documents_by_script[script] += 1
        self.characters_by_script[script] += size
        self.documents_by_length_bits[size.bit_length()] += 1
        for by, sizes in self.groups.items():
            sizes.add(_name(document, by), size)


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


def _name(document: Document, by: str) -> str:
    name = group_key(document, by)
    # Some sources write the American word.
    return document.meta.get("license", NOT_KNOWN) if by == "licence" and name == NOT_KNOWN else name
