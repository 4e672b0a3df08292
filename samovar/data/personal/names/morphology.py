"""What a Russian word can be as a part of a name: from OpenCorpora's dictionary and, for unknown words, its guesses.

Needs pymorphy3, which reads the dictionary from its own package and nothing from a network.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any, NamedTuple

from samovar.core.extras import require
from samovar.data.personal.names.part import Role

_CASES = {"nomn", "gent", "datv", "accs", "ablt", "loct"}
_CASE_OF_VARIANT = {"gen2": "gent", "loc2": "loct", "acc2": "accs", "voct": "nomn"}
_ROLES: dict[str, Role] = {"Name": "first", "Patr": "patronymic", "Surn": "surname"}
_SURNAME_ENDING = re.compile(
    r"(?:[оеё]в|[иы]н)(?:а|у|ым|е|ой|ою|ы|ых|ыми)?\Z|(?:ск|цк)(?:ий|ого|ому|им|ом|ая|ой|ую|ие|их|ими)\Z|"
    r"(?:енко|швили|дзе|[иы]х|янц|[ая]го|ович|евич|чук|щук|ньян|дян|сян|рян|нян|ьян)(?:а|у|ом|ем|е)?\Z"
)
_MANY = 100_000


class Reading(NamedTuple):
    """One way to read a word as a part of a name."""

    role: Role
    lemma: str
    gender: str
    case: str
    is_fixed: bool
    share: float
    """Of all readings of the word, from 0 to 1."""


class Word(NamedTuple):
    """All that a word may be."""

    readings: tuple[Reading, ...]
    is_known: bool
    """Whether the dictionary has it, as whatever."""
    is_noun: bool
    """Whether it can be a noun: a surname often is one."""
    is_surname_shaped: bool
    place_share: float
    """How much of its readings are a place."""

    def of(self, role: Role) -> tuple[Reading, ...]:
        """Its readings as ``role``."""
        return tuple(reading for reading in self.readings if reading.role == role)

    def share(self, role: Role) -> float:
        """How much of its readings are ``role``."""
        return sum(reading.share for reading in self.readings if reading.role == role)


@cache
def analyser() -> Any:
    """pymorphy3's analyser of Russian; loading takes a third of a second and 40 MB.

    Raises:
        MissingError: pymorphy3 is not installed.
    """
    return require("pymorphy3", extra="data").MorphAnalyzer(lang="ru")


@lru_cache(_MANY)
def look_up(word: str) -> Word:
    """What ``word`` may be; the answers for the last hundred thousand words are kept."""
    parses = analyser().parse(word)
    is_known = any(parse.is_known for parse in parses)
    total = sum(parse.score for parse in parses) or 1.0
    lower = word.lower()
    readings = [_reading(parse, role, parse.score / total) for parse in parses for role in _roles(parse)]
    return Word(
        tuple(reading for reading in readings if reading),
        is_known,
        any("NOUN" in parse.tag for parse in parses),
        _SURNAME_ENDING.search(lower) is not None and len(lower) > 4,
        sum(parse.score for parse in parses if "Geox" in parse.tag) / total,
    )


def _roles(parse: Any) -> list[Role]:
    return [role for mark, role in _ROLES.items() if mark in parse.tag.grammemes]


def _reading(parse: Any, role: Role, share: float) -> Reading | None:
    marks = parse.tag.grammemes
    case = next((mark for mark in marks if mark in _CASES), "")
    case = case or next((_CASE_OF_VARIANT[mark] for mark in marks if mark in _CASE_OF_VARIANT), "")
    is_fixed = "Fixd" in marks
    if "plur" in marks:
        if role != "surname" or is_fixed:
            return None
        gender = "plur"
    else:
        gender = next((mark for mark in ("masc", "femn") if mark in marks), "")
    return Reading(role, _lemma(parse.normal_form, role), gender, case, is_fixed, share)


_PATRONYMIC_ENDING = re.compile(r"(?:[оеь]?вич|ич|[ое]вна|ична|инична)\Z")


def _lemma(normal: str, role: Role) -> str:
    """Петрович and Петровна have one father, Ё is often written Е."""
    normal = normal.replace("ё", "е")
    return _PATRONYMIC_ENDING.sub("", normal) if role == "patronymic" else normal


@cache
def forms(word: str) -> frozenset[str]:
    """Every form of ``word``, in small letters, itself among them."""
    lower = word.lower()
    found = {lower}
    for parse in analyser().parse(word):
        found |= {form.word for form in parse.lexeme}
    return frozenset(found | {form.replace("ё", "е") for form in found})
