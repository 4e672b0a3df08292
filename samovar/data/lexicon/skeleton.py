"""Texts and entries as rows of symbols in which letters that look alike are the same, and the automaton over them.

The symbols only find candidates, so that they may be coarse: Cyrillic ``с``, Latin ``c`` and ``s``, ``$`` and ``5``
are one symbol, a row of equal symbols counts as one, and everything that is no letter or digit is the symbol 0.

Source of the automaton: Aho and Corasick 1975, Communications of the ACM 18:333.
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np

from samovar.data.lexicon.notation import HIDDEN_RANGES, parts_of

TABLE_SIZE = 0x20000
BORDER, SKIPPED = 0, 255
ONLY_INSIDE = 64
"""Added to the symbol of a sign that is a letter only between letters: ``b!tch``, but not ``hey!``."""
LONGEST_PREFIX = 12
"""Symbols by which an entry is recognised; what follows is checked exactly."""

_ALIKE = (
    "аa4", "вb8", "б6", "сcs5ѕ$", "дd", "еёeзz3", "ф", "f", "гr", "g9", "нh", "ийіiulvуyў1", "кk", "л", "мm", "пn",
    "рp", "тt", "хx", "оo0", "ц", "ч", "ш", "щ", "ъ", "ы", "ь", "э", "ю", "я", "ж", "j", "q", "w",
)  # fmt: skip
_SIGNS_INSIDE = {"@": "а", "!": "и", "|": "и"}
_OTHER = len(_ALIKE) + 1
NUM_SYMBOLS = len(_ALIKE) + 2

WORD, PHRASE = 1, 2
"""What an entry that was recognised is; the numbers are added in a state that both end in."""


@cache
def symbol_table() -> np.ndarray:
    """The symbol of every code of the first two planes; uint8. All further codes are borders."""
    table = np.full(TABLE_SIZE, BORDER, dtype=np.uint8)
    for code in range(TABLE_SIZE):
        category = unicodedata.category(chr(code))
        if category[0] in "LN":
            table[code] = _OTHER
        elif category == "Mn":
            table[code] = SKIPPED
    for first, last in HIDDEN_RANGES:
        table[first : last + 1] = SKIPPED
    for symbol, letters in enumerate(_ALIKE, 1):
        for letter in letters:
            table[ord(letter)] = symbol
            if len(letter.upper()) == 1:
                table[ord(letter.upper())] = symbol
    for sign, letter in _SIGNS_INSIDE.items():
        table[ord(sign)] = table[ord(letter)] + ONLY_INSIDE
    return table


class Automaton(NamedTuple):
    """Recognises the beginnings of entries, symbol by symbol. The first state is 0."""

    next_states: np.ndarray
    """int32, a row a state, a column a symbol."""
    kinds: np.ndarray
    """uint8 a state: WORD, PHRASE, both, or 0 where no entry is recognised."""
    num_words: np.ndarray
    """uint8 a state: how many words back a phrase begins, 1 for the word in which the state is reached."""
    links: np.ndarray
    """int32 a state: the next state in which a shorter entry is recognised at the same place; 0 where there is none."""


class _Prefix(NamedTuple):
    symbols: tuple[int, ...]
    is_complete: bool
    """Whether nothing may follow, so that a border must."""


@lru_cache(maxsize=8)
def automaton(notations: tuple[str, ...]) -> Automaton:
    """The automaton of all entries; of long ones their first symbols. Steps with the same lists share one."""
    patterns: dict[tuple[int, ...], int] = {}
    for notation in notations:
        kind = PHRASE if "_" in notation else WORD
        anchor = () if notation.startswith("*") else (BORDER,)
        for prefix in _prefixes(notation.lstrip("*")):
            symbols = anchor + prefix.symbols + ((BORDER,) if prefix.is_complete else ())
            patterns[symbols] = patterns.get(symbols, 0) | kind
    return _built(patterns)


def _built(patterns: dict[tuple[int, ...], int]) -> Automaton:
    children: list[dict[int, int]] = [{}]
    kinds, num_words = [0], [0]
    for symbols, kind in sorted(patterns.items()):
        state = 0
        for symbol in symbols:
            if symbol not in children[state]:
                children[state][symbol] = len(children)
                children.append({})
                kinds.append(0)
                num_words.append(0)
            state = children[state][symbol]
        kinds[state] |= kind
        inner = symbols[1:] if symbols[0] == BORDER else symbols
        num_words[state] = max(num_words[state], 1 + inner[:-1].count(BORDER))
    next_states = np.zeros((len(children), NUM_SYMBOLS), dtype=np.int32)
    failures, links = [0] * len(children), [0] * len(children)
    waiting = deque([0])
    while waiting:
        state = waiting.popleft()
        fallback = failures[state]
        if state:
            next_states[state] = next_states[fallback]
            links[state] = fallback if kinds[fallback] else links[fallback]
        for symbol, child in children[state].items():
            failures[child] = int(next_states[state, symbol]) if state else 0
            next_states[state, symbol] = child
            waiting.append(child)
    return Automaton(
        next_states,
        np.array(kinds, dtype=np.uint8),
        np.array(num_words, dtype=np.uint8),
        np.array(links, dtype=np.int32),
    )


def _prefixes(notation: str) -> set[_Prefix]:
    """The first symbols of all that an entry stands for."""
    words, rest = _alternatives(parts_of(notation))
    assert not rest, notation
    found = set()
    for text, is_open in words:
        symbols = _symbols(text)
        is_cut = is_open or len(symbols) > LONGEST_PREFIX
        found.add(_Prefix(symbols[:LONGEST_PREFIX], not is_cut))
    return found


def _symbols(text: str) -> tuple[int, ...]:
    """The symbols of a text, each row of equal ones as one."""
    table = symbol_table()
    symbols = [int(table[ord(character)]) % ONLY_INSIDE for character in text if table[ord(character)] != SKIPPED]
    return tuple(symbol for place, symbol in enumerate(symbols) if not place or symbols[place - 1] != symbol)


_Words = set[tuple[str, bool]]
"""Beginnings of what an entry stands for; True for those behind which anything may follow."""


def _alternatives(parts: list[re.Match[str]]) -> tuple[_Words, list[re.Match[str]]]:
    """What ``parts`` up to a closing bracket stand for, and the parts behind it."""
    found: _Words = set()
    words: _Words = {("", False)}
    while parts:
        part, parts = parts[0], parts[1:]
        sign = part.group(5)
        if sign == ")":
            return found | words, parts
        if sign == "|":
            found, words = found | words, {("", False)}
            continue
        if sign == "(":
            inner, parts = _alternatives(parts)
            if parts and parts[0].group(5) == "?":
                inner, parts = inner | {("", False)}, parts[1:]
        else:
            inner = _single(part)
        words = {_joined(word, more) for word in words for more in inner}
    return found | words, parts


def _joined(word: tuple[str, bool], more: tuple[str, bool]) -> tuple[str, bool]:
    text, is_open = word
    # Twice the symbols: equal ones will fall together.
    return word if is_open or len(text) > 2 * LONGEST_PREFIX else (text + more[0], more[1])


def _single(part: re.Match[str]) -> _Words:
    inside, is_set_optional, letter, is_letter_optional, sign, other = part.groups()
    if sign == "*":
        return {("", True)}
    if sign == "_":
        return {(" ", False)}
    letters = inside if inside is not None else letter or other or ""
    is_optional = bool(is_set_optional or is_letter_optional)
    return {(character, False) for character in letters} | ({("", False)} if is_optional else set())
