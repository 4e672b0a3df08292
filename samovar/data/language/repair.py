"""Text damaged on its way, brought back: wrong decodings, HTML entities, ligatures, words cut at line ends.

Every repair is tried again on what it gave, until nothing changes: so a second run finds nothing to do.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from typing import NamedTuple

from samovar.core.extras import require
from samovar.data.language.mojibake import repair_russian

_MOST_ROUNDS = 8
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# Characters beyond ASCII that are neither letters of Russian nor usual signs: only they can be UTF-8 decoded wrongly.
_UNUSUAL = re.compile(
    "[^\\x00-\\x7fА-Яа-яЁё«»“”„‘’…—–№§°•×€₽\\xa0\\u200b-\\u200f\\u2028\\u2029\\ufeff\\ufffd\\u4e00-\\u9fff\\U0001f000-\\U0001ffff]"
)
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
_LIGATURE = re.compile("[ﬀ-ﬆ]")
_CUT_WORD = re.compile(r"([^\W\d_]{2,})(?:-|\xad)[ \t]*\n[ \t]*([^\W\d_]{2,})([^\s]*)[ \t]?")


class Repairs(NamedTuple):
    """Which repairs to make."""

    encoding: bool = True
    entities: bool = True
    ligatures: bool = True
    hyphens: bool = False


def repair(text: str, repairs: Repairs) -> tuple[str, Counter[str]]:
    """``text`` repaired, and how many repairs of each kind.

    A text that goes on changing after eight rounds is given back as it was.
    """
    counts: Counter[str] = Counter()
    current = text
    for _ in range(_MOST_ROUNDS):
        before = current
        current = _once(current, repairs, counts)
        if current == before:
            return current, counts
    return text, Counter()


def _once(text: str, repairs: Repairs, counts: Counter[str]) -> str:
    if repairs.encoding and not text.isascii():
        text, found = repair_russian(text)
        counts.update({f"lines of {name}": count for name, count in found.items()})
        text = _repair_utf8(text, counts)
    if repairs.entities and "&" in text:
        text = _without_entities(text, counts)
    if repairs.ligatures and not text.isascii() and (found_ligatures := len(_LIGATURE.findall(text))):
        counts["ligatures"] += found_ligatures
        text = text.translate(_LIGATURES)
    return _join_cut_words(text, counts) if repairs.hyphens else text


def _repair_utf8(text: str, counts: Counter[str]) -> str:
    """UTF-8 that was read as a table of single bytes, undone by ftfy line by line."""
    if not _UNUSUAL.search(text):
        return text
    ftfy = require("ftfy", extra="data")
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if _UNUSUAL.search(line) and (repaired := ftfy.fix_encoding(line)) != line:
            lines[index] = repaired
            counts["lines of UTF-8 read as another encoding"] += 1
    return "\n".join(lines)


def _without_entities(text: str, counts: Counter[str]) -> str:
    """Entities as the characters they stand for, unless the text has tags: then it may be about HTML."""
    if "<" in text:
        return text
    repaired = _ENTITY.sub(lambda match: html.unescape(match.group()), text)
    if repaired != text:
        counts["HTML entities"] += len(_ENTITY.findall(text))
    return repaired


def _join_cut_words(text: str, counts: Counter[str]) -> str:
    """Words cut at a line end, whole on the first line.

    The hyphen stays where the text has the word with its hyphen elsewhere; nothing is joined before a capital, nor
    where what the hyphen parts are both words of the text and their joint is not.
    """
    if "-\n" not in text and "\xad" not in text and not re.search(r"-[ \t]+\n", text):
        return text
    words = Counter(re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", text.lower()))

    def join(match: re.Match[str]) -> str:
        first, second, rest = match.groups()
        if not second[0].islower():
            return match.group()
        whole, hyphenated = (first + second).lower(), f"{first}-{second}".lower()
        is_compound = words[hyphenated] > 0 or (
            not words[whole] and words[first.lower()] > 1 and words[second.lower()] > 1
        )
        counts["words cut at line ends"] += 1
        return f"{first}{'-' if is_compound else ''}{second}{rest}\n"

    return _CUT_WORD.sub(join, text)
