"""Which lines of a document are furniture, given how common each of its lines is."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np
import xxhash

from samovar.data.document import Document

# Longer lines are compared by their beginning.
_COMPARED_CHARACTERS = 1000
_PAGE_NUMBER = re.compile(
    r"[-–—\s]*(?:(?:page|стр(?:аница|\.)?|лист|с\.|p\.)\s*)?\d{1,5}(?:\s*(?:/|of|из)\s*\d{1,5})?[-–—\s]*", re.IGNORECASE
)
_PAGE_WORD = re.compile(r"[^\W\d_]|/")
_PAGE_KEY = "\0page number"


class Lines(NamedTuple):
    """The lines of a document and their hashes; 0 for a line that never counts: blank or too short."""

    texts: list[str]
    hashes_L: np.ndarray


def group_of(document: Document) -> str:
    """The source whose documents share furniture: the file for a file of many documents, else its folder."""
    base = document.id.removesuffix(f"#{document.meta.get('part')}")
    return document.source if base != document.source else str(PurePosixPath(document.source).parent)


def line_hashes(text: str, group: str, *, min_characters: int) -> Lines:
    """The lines of ``text``, and a hash of each that holds its group, so that sources are counted apart."""
    seed = xxhash.xxh3_64_intdigest(group.encode("utf-8", "surrogatepass"))
    texts = text.split("\n")
    hashes = [
        xxhash.xxh3_64_intdigest(key.encode("utf-8", "surrogatepass"), seed) or 1
        if (key := line_key(line, min_characters))
        else 0
        for line in texts
    ]
    return Lines(texts, np.array(hashes, dtype=np.uint64))


def line_key(line: str, min_characters: int) -> str:
    """What makes two lines the same: their words, in small letters; all page numbers are one."""
    key = " ".join(line.split()).lower()
    if len(key) <= 24 and _PAGE_NUMBER.fullmatch(key) and _PAGE_WORD.search(key):
        return _PAGE_KEY
    return key[:_COMPARED_CHARACTERS] if len(key) >= min_characters else ""


def furniture(lines: Lines, are_common_L: np.ndarray, *, max_middle_share: float) -> list[int]:
    """The indices of the lines to take out.

    Common lines at the beginning and the end of a document are furniture: headers, signatures, disclaimers. Common
    lines further in are furniture only where they make up at most ``max_middle_share`` of the characters: a document
    that consists of them is a copy or filled in from the same form, which is for deduplication to judge.
    """
    visible = [index for index, text in enumerate(lines.texts) if text and not text.isspace()]
    head = 0
    while head < len(visible) and are_common_L[visible[head]]:
        head += 1
    tail = len(visible)
    while tail > head and are_common_L[visible[tail - 1]]:
        tail -= 1
    middle = [index for index in visible[head:tail] if are_common_L[index]]
    num_middle = sum(len(lines.texts[index]) for index in middle)
    num_inner = sum(len(lines.texts[index]) for index in visible[head:tail])
    if num_middle > max_middle_share * num_inner:
        middle = []
    return sorted({*visible[:head], *middle, *visible[tail:]})


def without_lines(texts: list[str], taken_out: list[int]) -> str:
    """The other lines; of the blank lines on both sides of what was taken out, those before it stay."""
    gone = set(taken_out)
    kept: list[str] = []
    follows_gone = False
    for index, text in enumerate(texts):
        if index in gone:
            follows_gone = True
        elif follows_gone and not text.strip() and (not kept or not kept[-1].strip()):
            continue
        else:
            follows_gone = False
            kept.append(text)
    while kept and gone and not kept[-1].strip():
        kept.pop()
    return "\n".join(kept)
