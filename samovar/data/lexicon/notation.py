"""The notation of word lists, and the regular expressions that it becomes.

An entry stands for whole words. In it

- ``*`` is any letters, or none: ``пизд*``;
- ``?`` makes the letter, set or group before it optional: ``whore?s?``;
- ``[аеи]`` is one of the letters, ``(ы|ами)`` one of the parts;
- ``_`` is a gap between words: blanks or hyphens; ``_?`` may be none;
- ``~`` at the beginning: not when the word is capitalised, as a name is.

Entries are separated by white space. In a disguised list every letter may be repeated (``суууука``), or exchanged for
one that looks like it (Latin ``o`` in a Cyrillic word, ``$`` for ``s``); a letter written twice is at least two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from samovar.core.errors import ConfigError

# Both ways: a Cyrillic letter and those that stand in for it, and a Latin one likewise.
_LOOK_ALIKES = {
    "а": "a@", "б": "6", "в": "b", "г": "r", "д": "d", "е": "eё", "з": "3z", "и": "uйi1!", "й": "и", "к": "k",
    "м": "m", "н": "h", "о": "o0", "п": "n", "р": "p", "с": "c$", "т": "t", "у": "yu", "х": "x",
    "a": "@4а", "b": "8", "c": "с", "e": "3её", "g": "9", "h": "н", "i": "1!|і", "k": "к", "l": "1|",
    "o": "0о", "p": "р", "r": "г", "s": "$5ѕ", "t": "т", "u": "v", "x": "х", "y": "у",
}  # fmt: skip
HIDDEN_RANGES = ((0xAD, 0xAD), (0x200B, 0x200D), (0x2060, 0x2060), (0x300, 0x36F))
"""Codes that may stand inside a word unseen, or upon its letters: soft hyphens, joiners, combining marks."""
_HIDDEN = "".join(f"{chr(first)}-{chr(last)}" for first, last in HIDDEN_RANGES)
_HIDDEN_SET = re.compile(f"[{_HIDDEN}]")
_GAP = r"[\s\-]+"
_ANY_LETTERS = r"[^\W_]*"


class Entry(NamedTuple):
    """One entry of a list."""

    notation: str
    is_lower_only: bool
    """Whether a capitalised word is none."""


def entries_of(text: str) -> list[Entry]:
    """The entries of a list."""
    found = []
    for word in text.split():
        notation = word.lstrip("~")
        for variant in dict.fromkeys((notation.replace("_?", ""), notation.replace("_?", "_"))):
            found.append(Entry(variant, word.startswith("~")))
    return found


def check_entry(entry: str) -> None:
    """See that an entry is in the notation.

    Raises:
        ConfigError: a bracket has no other half, or ``?`` stands behind nothing.
    """
    try:
        re.compile(pattern_of(entry, is_disguised=False))
    except re.error as error:
        raise ConfigError(
            f"'{entry}' is no entry of a word list: {error}",
            hint="* any letters, ? optional, [..] one of, (a|b), _ gap",
        ) from error


def pattern_of(entry: str, *, is_disguised: bool = True) -> str:
    """The regular expression of an entry, to be compiled without regard to case."""
    return "".join(_piece(part, is_disguised) for part in parts_of(entry))


def union(entries: Iterable[str], *, is_disguised: bool = True, is_whole: bool = True) -> re.Pattern[str]:
    """What matches any of ``entries``, and nothing where there are none.

    Where ``is_whole`` is False it is for texts that go on, and a match ends where a word does.
    """
    patterns = [f"(?:{pattern_of(entry, is_disguised=is_disguised)})" for entry in entries]
    if not patterns:
        return re.compile("(?!)")
    any_of = "|".join(patterns)
    return re.compile(any_of if is_whole else rf"(?:{any_of})(?![^\W_])", re.IGNORECASE)


_PART = re.compile(r"\[([^\]]*)\](\??)|([^\W_]|['’])\3*(\??)|([_*?()|])|(.)", re.DOTALL)


def parts_of(entry: str) -> list[re.Match[str]]:
    """An entry cut into letters, sets and signs."""
    return list(_PART.finditer(entry.lower()))


def _piece(part: re.Match[str], is_disguised: bool) -> str:
    inside, is_set_optional, letter, is_letter_optional, sign, other = part.groups()
    if inside is not None:
        return _repeated(inside, 1, bool(is_set_optional), is_disguised)
    if letter is not None:
        count = len(part.group()) - len(is_letter_optional)
        if is_letter_optional and count > 1:  # only the last is optional
            return _repeated(letter, count - 1, False, is_disguised) + _repeated(letter, 1, True, is_disguised)
        return _repeated(letter, count, bool(is_letter_optional), is_disguised)
    if other is not None:
        return re.escape(other)
    return {"_": _GAP, "*": _ANY_LETTERS, "(": "(?:"}.get(sign, sign)


def _repeated(letters: str, count: int, is_optional: bool, is_disguised: bool) -> str:
    chosen = letter_set(letters) if is_disguised else _plain_set(letters)
    if not is_disguised:
        return chosen * count + ("?" if is_optional else "")
    if is_optional:
        return f"{chosen}*"
    return f"{chosen}+" if count == 1 else f"{chosen}{{{count},}}"


@cache
def letter_set(letters: str) -> str:
    """The set of ``letters`` and of all that may stand for them."""
    members = "".join(letter + _LOOK_ALIKES.get(letter, "") for letter in letters)
    return f"[{_escaped(members)}{_HIDDEN}]"


def _plain_set(letters: str) -> str:
    members = letters + ("ё" if "е" in letters and "ё" not in letters else "")
    return f"[{_escaped(members)}]" if len(members) > 1 else re.escape(members)


def _escaped(members: str) -> str:
    return "".join(f"\\{member}" if member in "\\]^-[" else member for member in dict.fromkeys(members))


_TO_CYRILLIC: Mapping[int, str] = {
    ord(latin): cyrillic
    for cyrillic, latins in _LOOK_ALIKES.items()
    if cyrillic >= "а"
    for latin in latins
    if latin != "ё" and latin != "и" and latin != "й"
} | {ord("e"): "е", ord("u"): "и", ord("ё"): "е", ord("y"): "у"}


def as_cyrillic(word: str) -> str:
    """``word`` in lower case with look-alikes of Cyrillic letters as those letters, and without hidden characters."""
    return _HIDDEN_SET.sub("", word.lower()).translate(_TO_CYRILLIC)


def is_spelt(word: str, *, is_cyrillic: bool) -> bool:
    """Whether enough of ``word`` are letters of its alphabet: two, and half of it."""
    visible = _HIDDEN_SET.sub("", word.lower())
    own = sum("а" <= character <= "ё" if is_cyrillic else "a" <= character <= "z" for character in visible)
    return own >= max(2, len(visible) / 2)
