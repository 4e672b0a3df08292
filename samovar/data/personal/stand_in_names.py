"""Names that stand in for people's: made of syllables, declined as the name they replace, borne by nobody.

A word depends on the key and on the word replaced alone, so a person is called the same everywhere. The first letter
of a first name depends only on the first letter replaced: initials stay consistent with whole names. The second
syllable, 'шэ' or 'xu', is in no real name at that place and marks a stand-in as one, for people and for a second run.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from samovar.data.personal.key import Key
from samovar.data.personal.names.part import NamePart

_MARK = {"ru": "шэ", "en": "xu"}
_LETTERS = {"ru": "абвгдежзиклмнопрстуфхцчшщэюя", "en": "abcdefghijklmnopqrstuvwxyz"}
_CONSONANTS = {"ru": "бвгдзклмнпрстфх", "en": "bcdfghklmnprstvz"}
_VOWELS = {"ru": "аеиоу", "en": "aeiou"}

_SURNAME_END = {"ov": "нов", "sky": "нский", "consonant": "чук", "a": "нда", "fixed": "енко"}
_CASES = ("nomn", "gent", "datv", "accs", "ablt", "loct")
_BOYS, _GIRLS = ("мир", "слав", "бор", "дар", "мил"), ("мира", "слава", "бора", "дара", "мила")
_ENGLISH_FIRST, _ENGLISH_LAST = ("n", "l", "r", "s"), ("well", "ford", "ston", "bury", "wick", "more", "ley", "by")

# Endings by case: nominative, genitive, dative, accusative, instrumental, prepositional.
_DECLENSIONS = {
    ("ov", "masc"): ("", "а", "у", "а", "ым", "е"),
    ("ov", "femn"): ("а", "ой", "ой", "у", "ой", "ой"),
    ("ov", "plur"): ("ы", "ых", "ым", "ых", "ыми", "ых"),
    ("sky", "masc"): ("ий", "ого", "ому", "ого", "им", "ом"),
    ("sky", "femn"): ("ая", "ой", "ой", "ую", "ой", "ой"),
    ("sky", "plur"): ("ие", "их", "им", "их", "ими", "их"),
    ("consonant", "masc"): ("", "а", "у", "а", "ом", "е"),
    ("consonant", "femn"): ("",) * 6,
    ("consonant", "plur"): ("и", "ов", "ам", "ов", "ами", "ах"),
    ("a", "masc"): ("а", "ы", "е", "у", "ой", "е"),
    ("a", "femn"): ("а", "ы", "е", "у", "ой", "е"),
    ("a", "plur"): ("ы", "", "ам", "", "ами", "ах"),
    ("vich", "masc"): ("", "а", "у", "а", "ем", "е"),
    ("vna", "femn"): ("а", "ы", "е", "у", "ой", "е"),
}
_SURNAME_STEM_CUT = {"ov": 0, "sky": 2, "consonant": 0, "a": 1, "fixed": 0}


def stand_in_word(key: Key, part: NamePart, written: str) -> str:
    """What stands for ``part``, written like ``written``: in capitals or with one, in the same case."""
    if part.role == "initial":
        word = _first_letter(key, part.lemma[:1], part.language) + "."
    elif part.language == "en":
        word = _english(key, part)
    elif part.role == "surname":
        word = _surname(key, part)
    elif part.role == "patronymic":
        word = _patronymic(key, part)
    else:
        word = _first(key, part)
    if part.role == "initial":
        return word.upper() if written.endswith(".") else word[:1].upper()
    return word.upper() if len(written) > 1 and written.isupper() else word.capitalize()


@cache
def _shape() -> re.Pattern[str]:
    parts = []
    for language in ("ru", "en"):
        open_syllable = f"[{_CONSONANTS[language]}][{_VOWELS[language]}]"
        parts.append(
            f"(?:{open_syllable}|[{_LETTERS[language]}][{_VOWELS[language]}]?){_MARK[language]}(?:{open_syllable}){{2}}\\w{{1,16}}"
        )
    return re.compile(rf"(?<![\w-])(?i:{'|'.join(parts)})(?!\w)")


def stand_in_names() -> re.Pattern[str]:
    """A pattern of every word that ``stand_in_word`` can give, but for initials."""
    return _shape()


def _surname(key: Key, part: NamePart) -> str:
    kind = _kind_of_surname(part)
    stem = _stem(key, "surname", part.lemma, "ru", syllables=2)
    ending = _SURNAME_END[kind]
    if kind == "fixed":
        return stem[:-1] + ending if stem[-1] in _VOWELS["ru"] else stem + ending
    gender = part.gender or "masc"
    cut = len(ending) - _SURNAME_STEM_CUT[kind]
    return stem + ending[:cut] + _ending(kind, gender, part.case)


def _kind_of_surname(part: NamePart) -> str:
    """How the replaced surname declines, so that forms of it that differ do so in the stand-in."""
    lemma = part.lemma
    if re.search(r"(?:[ое]в|[иы]н)\Z", lemma):
        return "ov"
    if re.search(r"(?:[иы]й|ой)\Z", lemma):
        return "sky"
    if re.search(r"[ая]\Z", lemma) and not part.is_fixed:
        return "a"
    if re.search(r"[^аеиоуыэюяё]\Z", lemma) and not (part.is_fixed and part.gender != "femn"):
        return "consonant"
    return "fixed"


def _patronymic(key: Key, part: NamePart) -> str:
    stem = _stem(key, "father", part.lemma, "ru", syllables=2, keeps_letter=True) + "мир"
    kind, suffix = ("vna", "овн") if part.gender == "femn" else ("vich", "ович")
    return stem + suffix + _ending(kind, "femn" if kind == "vna" else "masc", part.case)


def _first(key: Key, part: NamePart) -> str:
    lemma = part.lemma
    stem = _stem(key, "first", lemma, "ru", syllables=2, keeps_letter=True)
    choice = key.number("first ending", lemma) % len(_BOYS)
    if part.is_fixed and not re.search(r"[^аеиоуыэюяё]\Z", lemma):
        return stem + "ли"
    if part.gender == "femn" and part.is_fixed:
        return stem + "эль"
    if re.search(r"[ая]\Z", lemma) and part.gender != "femn":
        return stem + "ш" + ("а", "и", "е", "у", "ей", "е")[_case(part.case)]
    if part.gender == "femn":
        return stem + _GIRLS[choice][:-1] + _ending("a", "femn", part.case)
    return stem + _BOYS[choice] + _ending("consonant", "masc", part.case)


def _english(key: Key, part: NamePart) -> str:
    is_first = part.role == "first"
    stem = _stem(key, "en " + part.role, part.lemma, "en", syllables=2, keeps_letter=is_first)
    endings = _ENGLISH_FIRST if is_first else _ENGLISH_LAST
    return stem + endings[key.number("en ending", part.lemma) % len(endings)]


def _stem(key: Key, purpose: str, lemma: str, language: str, *, syllables: int, keeps_letter: bool = False) -> str:
    number = key.number(purpose, lemma)
    consonants, vowels = _CONSONANTS[language], _VOWELS[language]

    def draw(letters: str) -> str:
        nonlocal number
        number, at = divmod(number, len(letters))
        return letters[at]

    first = _first_letter(key, lemma[:1], language) if keeps_letter else draw(consonants)
    head = first + ("" if first in "аеиоуэюяaeiouy" else draw(vowels))
    return head + _MARK[language] + "".join(draw(consonants) + draw(vowels) for _ in range(syllables))


def _first_letter(key: Key, letter: str, language: str) -> str:
    """A letter for a letter: a keyed permutation of the alphabet."""
    letters = _LETTERS[language]
    at = letters.find("е" if letter == "ё" else letter)
    return _permuted(key, language)[at] if at >= 0 and letter else letter


@lru_cache(8)
def _permuted(key: Key, language: str) -> str:
    return "".join(sorted(_LETTERS[language], key=lambda letter: key.number(f"letter {language}", letter)))


def _ending(kind: str, gender: str, case: str) -> str:
    return _DECLENSIONS[kind, gender][_case(case)]


def _case(case: str) -> int:
    return _CASES.index(case) if case in _CASES else 0
