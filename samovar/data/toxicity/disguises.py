"""Words with letters replaced by stars or dots (f**k, х..й), and words with their letters apart (f u c k, х-у-й)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

from samovar.data.lexicon.notation import as_cyrillic
from samovar.data.toxicity.english import ENGLISH
from samovar.data.toxicity.russian import RUSSIAN
from samovar.data.toxicity.word_list import LEVELS, Level

_RUN = re.compile(r"[*#]+|\.{2,4}")
_FURTHER = re.compile(r"(?:[^\W_]*[*#]+(?=[^\W_]))*[^\W_]*")
_APART = re.compile(r"[^\W_](?:([ ._\-*])[^\W_](?:\1[^\W_])*)?(?![^\W_])")
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
# A run of three stars or more is often written whatever the number of letters.
_CONVENTIONAL_RUN = 3
_LONGEST_WORD = 24
_REMEMBERED = 50_000


def spaced_entries() -> list[str]:
    """The listed words with their letters apart, as entries of several words."""
    return ["_".join(word) for words in _words("spaced").values() for word in sorted(words)]


def spaced_place(text: str, start: int) -> tuple[int, Level] | None:
    """Where a word with its letters apart that begins at ``start`` ends, and its level; None where there is none."""
    apart = _APART.match(text, start, start + 2 * _LONGEST_WORD)
    if apart is None or apart.group(1) is None:
        return None
    letters = _lowered(apart.group())[::2]
    for size in range(len(letters), 1, -1):
        for level, words in _words("spaced").items():
            if letters[:size] in words:
                return start + 2 * size - 1, level
    return None


def starred_places(text: str) -> Iterator[tuple[int, int, Level]]:
    """Begin, end and level of the words with stars or dots in place of letters."""
    if "*" not in text and "#" not in text and ".." not in text:
        return
    done = 0
    for run in _RUN.finditer(text):
        start = run.start()
        while start > done and text[start - 1].isalnum() and run.start() - start < _LONGEST_WORD:
            start -= 1
        if start == run.start() or (start and text[start - 1] in "*#"):
            continue
        further = _FURTHER.match(text, run.end(), run.end() + _LONGEST_WORD)
        end = further.end() if further else run.end()
        if level := level_of_starred(text[start:end]):
            yield start, end, level
            done = end


@lru_cache(_REMEMBERED)
def level_of_starred(word: str) -> Level | None:
    """The level of the listed word that ``word`` can be, if its runs of stars or dots stand for letters."""
    pieces = re.split(r"([*#.]+)", _lowered(word))
    is_end_hidden = not pieces[-1]
    if is_end_hidden and (len(pieces[-2]) < _CONVENTIONAL_RUN or pieces[-2][0] == "."):
        return None  # the end of something bold, or of a sentence
    if is_end_hidden and (word[0].isupper() or (len(pieces[0]) == 1 and _CYRILLIC.match(word))):
        return None  # a name of which no more is told: prince P***
    pattern = re.compile("".join(_star_piece(piece, is_exact=is_end_hidden) for piece in pieces))
    for level, words in _words("starred").items():
        if any(pattern.fullmatch(candidate) for candidate in words):
            return level
    return None


def _star_piece(piece: str, *, is_exact: bool) -> str:
    if _RUN.match(piece) is None:
        return re.escape(piece)
    if piece[0] == ".":
        return f".{{1,{len(piece) + 3}}}"
    # Exactly so many letters, or, as f***ing is written, a few more or less.
    return (
        f".{{{len(piece)}}}"
        if is_exact or len(piece) < _CONVENTIONAL_RUN
        else f".{{{len(piece) - 1},{len(piece) + 3}}}"
    )


def _lowered(word: str) -> str:
    return as_cyrillic(word) if _CYRILLIC.search(word) else word.lower()


@cache
def _words(kind: str) -> Mapping[Level, frozenset[str]]:
    return {
        level: frozenset(word for words in (RUSSIAN, ENGLISH) for word in getattr(words, kind)[level].split())
        for level in LEVELS
    }
