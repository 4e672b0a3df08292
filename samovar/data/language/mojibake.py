"""Russian text that was decoded with the wrong table, brought back by the evidence of its letters.

ftfy undoes UTF-8 that was read as a table of single bytes. This undoes what it leaves: one Cyrillic or western table
read as another (cp1251 as latin-1: "Ïðèâåò"; koi8-r as cp1251: "рТЙЧЕФ"), and UTF-8 read as koi8-r or cp866
("п÷я─п╦п╡п╣я┌"), the latter also twice over. A line is changed only where it reads as Russian much better afterwards.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

from samovar.data.encoding import RUSSIAN_PER_MILLE

# Not mac-cyrillic, which differs from cp1251 in capitals alone: too little evidence, and such files are rare.
_CYRILLIC_TABLES = ("cp1251", "koi8-r", "cp866", "iso8859-5")
_WESTERN_TABLES = ("cp1252", "cp437")
# In nats. A changed line must gain so much in all, and so much by letter: a short foreign word gains little in all.
_LEAST_GAIN = 9.0
_LEAST_GAIN_A_LETTER = 0.3
_LEAST_LETTERS = 6
# A line follows the commonest mistake of the text where its letters gain so much, capitals aside, and the mistake is
# preferred to another where it explains a line nearly as well.
_FOLLOWING_GAIN = 2.0
_FOLLOWING_GAIN_A_LETTER = 0.15
_ABOUT_AS_GOOD = 12.0
# The least that a good Russian text has by letter, with one letter in five rare; wrong readings lie far below.
_LEAST_SCORE_A_LETTER = -3.9
_IMPOSSIBLE = math.log(1e-5)
_CASE_CHANGE = math.log(1e-4)
_ALL_CAPITALS = math.log(0.05)
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_WORD = re.compile(r"[^\W\d_]+")
# Signs beyond ASCII that are usual in good Russian; some of them not between two letters.
_USUAL = re.compile(r"[«»“”„‘’…—–\xa0\u2009\u202f\ufeff\u200b\u0301]|(?<![^\W\d_])[№§°±•·×€₽]|[№§°±•·×€₽](?![^\W\d_])")
_IN_RUSSIAN = re.compile("[\xa0-\xff\u0400-\u04ff\u2000-\u22ff\u2500-\u25a0]+")
_SUSPICIOUS = re.compile(
    # Frames and controls where letters should be; more accented letters in a row than any western language has.
    "[\u2500-\u25a0]{2}|[\u0400-\u04ff][\u2500-\u25a0\x80-\x9f]"
    "|[\xa1-\xaf\xe0-\xef]{3}|[\xc0-\xff\u0178\u0152\u0153\u0192]{4}"
    "|[а-яё][А-ЯЁ]{2}|[А-ЯЁа-яё][¤¦©¬®µ¶№Ђ-Џђ-џ][а-яА-ЯЁё]"  # capitals and signs inside words
    "|[РС][\x80-\xbf\u0402-\u040f\u0452-\u045f\u2010-\u203a\u20ac\u2116\u2122][РС]"  # UTF-8 read as cp1251
)


class Reading(NamedTuple):
    """A way to undo a wrong decoding: what the text was taken for, what it was, and the function that undoes it."""

    taken_for: str
    truth: str
    undo: Callable[[str], str]

    @property
    def name(self) -> str:
        """How reports call it."""
        return f"{self.truth} read as {self.taken_for}"


@cache
def _letter_scores() -> dict[str, float]:
    total = sum(RUSSIAN_PER_MILLE.values())
    return {letter: math.log(share / total) for letter, share in RUSSIAN_PER_MILLE.items()}


@cache
def readings() -> tuple[Reading, ...]:
    """Every way of undoing that is tried, the commoner mistakes first."""
    once = []
    for taken_for in (*_CYRILLIC_TABLES, *_WESTERN_TABLES):
        once.append(Reading(taken_for, "utf-8", _undo_utf8(taken_for)))
        for truth in _CYRILLIC_TABLES:
            if truth != taken_for:
                once.append(Reading(taken_for, truth, partial(_translate, _character_table(taken_for, truth))))
    # What lies between two mistakes doesn't look Russian, so that undoing one after the other would stop halfway.
    twice = [
        Reading(f"{reading.taken_for}, twice", reading.truth, partial(_undo_twice, reading.undo))
        for reading in once
        if reading.truth == "utf-8"
    ]
    return (*once, *twice)


def _undo_twice(undo: Callable[[str], str], text: str) -> str:
    return undo(undo(text))


def _translate(table: dict[int, str], text: str) -> str:
    return text.translate(table)


def _bytes_by_character(table: str) -> dict[str, int]:
    """The byte of each character beyond ASCII; with cp1252 goes latin-1, whose control characters take its gaps."""
    found = {chr(byte): byte for byte in range(0x80, 0x100)} if table == "cp1252" else {}
    for byte in range(0x80, 0x100):
        found[bytes([byte]).decode(table, "ignore") or chr(byte)] = byte
    return found


def _character_table(taken_for: str, truth: str) -> dict[int, str]:
    """For each character of one table the character that its byte has in another."""
    pairs = {ord(was): bytes([byte]).decode(truth, "ignore") for was, byte in _bytes_by_character(taken_for).items()}
    return {was: should for was, should in pairs.items() if should}


def _undo_utf8(taken_for: str) -> Callable[[str], str]:
    byte_of = _bytes_by_character(taken_for)

    def undo_run(match: re.Match[str]) -> str:
        run = match.group()
        try:
            truth = bytes(byte_of[character] for character in run).decode("utf-8")
        except (KeyError, UnicodeDecodeError):
            return run
        return truth if _IN_RUSSIAN.fullmatch(truth) else run

    return lambda text: _BEYOND_ASCII.sub(undo_run, text)


class Score(NamedTuple):
    """How Russian a text reads: a logarithm of likelihood, and the number of characters that it is of."""

    total: float
    num_characters: int
    letters: float
    """The same without the evidence of capitals."""
    case_changes: int
    """Words with a capital after a small letter."""


def russian_score(text: str) -> Score:
    """The logarithm of how likely the words with letters beyond ASCII are in Russian.

    A character that is no letter of Russian costs as much as a very rare letter, and so does a capital inside a word
    that is not all capitals.
    """
    scores = _letter_scores()
    letters, capitals, count, case_changes = 0.0, 0.0, 0, 0
    for word in _WORD.findall(text):
        if word.isascii():
            continue
        lowered = word.lower()
        for letter in lowered:
            letters += scores.get(letter, _IMPOSSIBLE)
        count += len(word)
        if len(word) > 1 and not word[1:].islower():
            if word.isupper():
                capitals += _ALL_CAPITALS if len(word) > 3 else 0.0
            else:
                capitals += _CASE_CHANGE
                case_changes += 1
    num_symbols = sum(map(len, _BEYOND_ASCII.findall(_WORD.sub(" ", _USUAL.sub("", text)))))
    letters += num_symbols * _IMPOSSIBLE
    return Score(letters + capitals, count + num_symbols, letters, case_changes)


def repair_russian(text: str) -> tuple[str, Counter[str]]:
    """``text`` with wrongly decoded lines brought back, and how many lines by the mistake undone.

    The mistake that explains most of the text is preferred where it explains a line about as well as another, and lines
    that don't look wrong alone, such as one of small letters that were capitals, follow it.
    """
    counts: Counter[str] = Counter()
    if not looks_wrong(text):
        return text, counts
    lines = text.split("\n")
    gains: Counter[Reading] = Counter()
    best = {index: found for index, line in enumerate(lines) if looks_wrong(line) and (found := best_reading(line))}
    for found in best.values():
        gains[found.reading] += round(found.gain)
    if not gains:
        return text, counts
    common = max(gains, key=lambda reading: gains[reading])
    for index, line in enumerate(lines):
        if line.isascii():
            continue
        reading = _reading_of_line(line, best.get(index), common)
        if reading is not None:
            lines[index] = reading.undo(line)
            counts[reading.name] += 1
    return "\n".join(lines), counts


def _reading_of_line(line: str, found: Found | None, common: Reading) -> Reading | None:
    """The mistake to undo in a line, if any, given the best for it alone and the commonest of the text."""
    before, after = russian_score(line), russian_score(common.undo(line))
    if found is not None:
        is_as_good = after.total - before.total >= found.gain - _ABOUT_AS_GOOD
        return common if is_as_good else found.reading
    gained = after.letters - before.letters
    is_better = gained >= _FOLLOWING_GAIN and gained >= _FOLLOWING_GAIN_A_LETTER * after.num_characters
    return common if is_better and after.letters >= _LEAST_SCORE_A_LETTER * after.num_characters else None


def looks_wrong(text: str) -> bool:
    """Whether ``text`` has what wrongly decoded Russian has, and good text hardly ever."""
    return not text.isascii() and _SUSPICIOUS.search(text) is not None


class Found(NamedTuple):
    """A reading of a line, and how much more Russian the line is with it."""

    reading: Reading
    gain: float


def best_reading(line: str) -> Found | None:
    """The reading under which ``line`` is most like Russian, where it is so much more than as it stands."""
    before = russian_score(line)
    best = None
    for reading in readings():
        changed = reading.undo(line)
        if changed == line:
            continue
        after = russian_score(changed)
        gain = after.total - before.total
        if _is_better(before, after) and (best is None or gain > best.gain):
            best = Found(reading, gain)
    return best


def _is_better(before: Score, after: Score) -> bool:
    gained = after.total - before.total
    return (
        after.num_characters >= _LEAST_LETTERS
        and after.case_changes <= before.case_changes
        and after.total >= _LEAST_SCORE_A_LETTER * after.num_characters
        and gained >= _LEAST_GAIN
        and gained >= _LEAST_GAIN_A_LETTER * after.num_characters
    )
