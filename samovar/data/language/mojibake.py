"""Russian text that was decoded with the wrong table, brought back by the evidence of its letters.

ftfy undoes UTF-8 that was read as a table of single bytes. This undoes what it leaves: one Cyrillic or western table
read as another (cp1251 as latin-1: "Ïðèâåò"; koi8-r as cp1251: "рТЙЧЕФ"), and UTF-8 read as koi8-r or cp866
("п÷я─п╦п╡п╣я┌"), also several times over. A line is changed only where it reads as Russian much better afterwards.
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
_WESTERN_TABLES = ("cp1252", "latin-1", "cp437")
_MOST_ROUNDS = 4
# In nats. A changed line must gain so much in all, and so much by letter: a short foreign word gains little in all.
_LEAST_GAIN = 9.0
_LEAST_GAIN_A_LETTER = 0.3
_LEAST_LETTERS = 6
# The least that a good Russian text has by letter, with one letter in five rare; wrong readings lie far below.
_LEAST_SCORE_A_LETTER = -3.9
_IMPOSSIBLE = math.log(1e-5)
_CASE_CHANGE = math.log(1e-4)
_ALL_CAPITALS = math.log(0.05)
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_WORD = re.compile(r"[^\W\d_]+")
# Signs beyond ASCII that are usual in good Russian; some of them not between two letters.
_USUAL = re.compile(r"[«»“”„‘’…—–\xa0\u2009\u202f\ufeff\u200b\u0301]|(?<![^\W\d_])[№§°±•·×€₽]|[№§°±•·×€₽](?![^\W\d_])")
_IN_RUSSIAN = re.compile("[\xa0-\xff\u0400-\u04ff\u2000-\u22ff]+")
_SUSPICIOUS = re.compile(
    "[\u2500-\u25a0]{2}|[\u0400-\u04ff][\u2500-\u25a0\x80-\x9f]"  # frames and controls where letters should be
    "|[\xc0-\xff\u0178\u0152\u0153\u0192]{4}"  # more accented letters in a row than any western language has
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
    found = []
    for taken_for in (*_CYRILLIC_TABLES, *_WESTERN_TABLES):
        found.append(Reading(taken_for, "utf-8", _undo_utf8(taken_for)))
        for truth in _CYRILLIC_TABLES:
            if truth != taken_for:
                found.append(Reading(taken_for, truth, partial(_translate, _character_table(taken_for, truth))))
    return tuple(found)


def _translate(table: dict[int, str], text: str) -> str:
    return text.translate(table)


def _character_table(taken_for: str, truth: str) -> dict[int, str]:
    """For each character of one table the character that its byte has in another."""
    table = {}
    for byte in range(0x80, 0x100):
        raw = bytes([byte])
        was, should = raw.decode(taken_for, "ignore"), raw.decode(truth, "ignore")
        if not was and taken_for == "cp1252":
            was = chr(byte)  # browsers give the bytes that cp1252 lacks as control characters
        if was and should:
            table[ord(was)] = should
    return table


def _undo_utf8(taken_for: str) -> Callable[[str], str]:
    byte_of = {
        character: bytes([byte])
        for byte in range(0x80, 0x100)
        if (character := bytes([byte]).decode(taken_for, "ignore") or chr(byte))
    }

    def undo_run(match: re.Match[str]) -> str:
        run = match.group()
        try:
            truth = b"".join(byte_of[character] for character in run).decode("utf-8")
        except (KeyError, UnicodeDecodeError):
            return run
        return truth if _IN_RUSSIAN.fullmatch(truth) else run

    return lambda text: _BEYOND_ASCII.sub(undo_run, text)


class Score(NamedTuple):
    """How Russian a text reads: a logarithm of likelihood, and the number of characters that it is of."""

    total: float
    num_characters: int
    case_changes: int
    """Words with a capital after a small letter."""


def russian_score(text: str) -> Score:
    """The logarithm of how likely the words with letters beyond ASCII are in Russian.

    A character that is no letter of Russian costs as much as a very rare letter, and so does a capital inside a word
    that is not all capitals.
    """
    scores = _letter_scores()
    total, count, case_changes = 0.0, 0, 0
    for word in _WORD.findall(text):
        if word.isascii():
            continue
        lowered = word.lower()
        for letter in lowered:
            total += scores.get(letter, _IMPOSSIBLE)
        count += len(word)
        if len(word) > 1 and not word[1:].islower():
            if word.isupper():
                total += _ALL_CAPITALS if len(word) > 3 else 0.0
            else:
                total += _CASE_CHANGE
                case_changes += 1
    num_symbols = sum(map(len, _BEYOND_ASCII.findall(_WORD.sub(" ", _USUAL.sub("", text)))))
    return Score(total + num_symbols * _IMPOSSIBLE, count + num_symbols, case_changes)


def repair_russian(text: str) -> tuple[str, Counter[str]]:
    """``text`` with wrongly decoded lines brought back, and how many lines by the mistake undone.

    Lines that don't look wrong alone, such as one of capitals, follow the commonest mistake of the text when they read
    better for it.
    """
    counts: Counter[str] = Counter()
    if not looks_wrong(text):
        return text, counts
    lines = text.split("\n")
    for index, line in enumerate(lines):
        for _ in range(_MOST_ROUNDS):
            reading = best_reading(line) if looks_wrong(line) else None
            if reading is None:
                break
            line = reading.undo(line)
            counts[reading.name] += 1
        lines[index] = line
    if not counts:
        return text, counts
    common = counts.most_common(1)[0][0]
    reading = next(reading for reading in readings() if reading.name == common)
    for index, line in enumerate(lines):
        if _is_better(russian_score(line), russian_score(changed := reading.undo(line)), _LEAST_GAIN / 3, 0.5):
            lines[index] = changed
            counts[common] += 1
    return "\n".join(lines), counts


def looks_wrong(text: str) -> bool:
    """Whether ``text`` has what wrongly decoded Russian has, and good text hardly ever."""
    return not text.isascii() and _SUSPICIOUS.search(text) is not None


def best_reading(line: str) -> Reading | None:
    """The reading under which ``line`` is most like Russian, where it is so much more than as it stands."""
    before = russian_score(line)
    best, best_score = None, before
    for reading in readings():
        changed = reading.undo(line)
        if changed == line:
            continue
        score = russian_score(changed)
        if score[0] > best_score[0] and _is_better(before, score, _LEAST_GAIN, _LEAST_GAIN_A_LETTER):
            best, best_score = reading, score
    return best


def _is_better(before: Score, after: Score, gain: float, gain_a_letter: float) -> bool:
    gained = after.total - before.total
    return (
        after.num_characters >= _LEAST_LETTERS
        and after.case_changes <= before.case_changes
        and after.total >= _LEAST_SCORE_A_LETTER * after.num_characters
        and gained >= gain
        and gained >= gain_a_letter * after.num_characters
    )
