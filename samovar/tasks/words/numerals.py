"""Whole numbers in English and Russian words, and back from words to numbers."""

from __future__ import annotations

import re
from typing import Literal

from samovar.tasks.words.phrasing import words

Case = Literal["nominative", "accusative", "genitive", "dative"]
Gender = Literal["m", "f", "n"]

_EN_SMALL = words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_EN_TENS = words("twenty thirty forty fifty sixty seventy eighty ninety")

# Nominative, genitive, dative of what does not depend on gender.
_RU_SMALL: tuple[tuple[str, str, str], ...] = (
    ("ноль", "нуля", "нулю"),
    ("один", "одного", "одному"),
    ("два", "двух", "двум"),
    ("три", "трёх", "трём"),
    ("четыре", "четырёх", "четырём"),
    ("пять", "пяти", "пяти"),
    ("шесть", "шести", "шести"),
    ("семь", "семи", "семи"),
    ("восемь", "восьми", "восьми"),
    ("девять", "девяти", "девяти"),
    ("десять", "десяти", "десяти"),
    ("одиннадцать", "одиннадцати", "одиннадцати"),
    ("двенадцать", "двенадцати", "двенадцати"),
    ("тринадцать", "тринадцати", "тринадцати"),
    ("четырнадцать", "четырнадцати", "четырнадцати"),
    ("пятнадцать", "пятнадцати", "пятнадцати"),
    ("шестнадцать", "шестнадцати", "шестнадцати"),
    ("семнадцать", "семнадцати", "семнадцати"),
    ("восемнадцать", "восемнадцати", "восемнадцати"),
    ("девятнадцать", "девятнадцати", "девятнадцати"),
)
_RU_TENS: tuple[tuple[str, str, str], ...] = (
    ("двадцать", "двадцати", "двадцати"),
    ("тридцать", "тридцати", "тридцати"),
    ("сорок", "сорока", "сорока"),
    ("пятьдесят", "пятидесяти", "пятидесяти"),
    ("шестьдесят", "шестидесяти", "шестидесяти"),
    ("семьдесят", "семидесяти", "семидесяти"),
    ("восемьдесят", "восьмидесяти", "восьмидесяти"),
    ("девяносто", "девяноста", "девяноста"),
)
_RU_ONE_F = {"nominative": "одна", "accusative": "одну", "genitive": "одной", "dative": "одной"}
_RU_HUNDREDS = words("сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот")
_CASE_COLUMN: dict[Case, int] = {"nominative": 0, "accusative": 0, "genitive": 1, "dative": 2}


def english_words(number: int) -> str:
    """The words of 0 to 99: 47 -> forty-seven."""
    if number < 20:
        return _EN_SMALL[number]
    tens, ones = divmod(number, 10)
    return _EN_TENS[tens - 2] + (f"-{_EN_SMALL[ones]}" if ones else "")


def russian_words(number: int, case: Case = "nominative", gender: Gender = "m") -> str:
    """The words of 0 to 99 as they stand with an inanimate noun of this gender: 21, accusative, f -> двадцать одну."""
    column = _CASE_COLUMN[case]
    if number >= 20:
        tens, ones = divmod(number, 10)
        head = _RU_TENS[tens - 2][column]
        return f"{head} {russian_words(ones, case, gender)}" if ones else head
    if number == 1 and gender == "f":
        return _RU_ONE_F[case]
    if number == 1 and gender == "n" and column == 0:
        return "одно"
    if number == 2 and gender == "f" and column == 0:
        return "две"
    return _RU_SMALL[number][column]


def russian_plural(number: int, one: str, few: str, many: str) -> str:
    """The form of a noun behind a number: 1 яблоко, 2 яблока, 5 яблок."""
    last_two, last = abs(number) % 100, abs(number) % 10
    if 11 <= last_two <= 14 or last == 0 or last >= 5:
        return many
    return one if last == 1 else few


def _word_values() -> dict[str, int]:
    values = {word: value for value, word in enumerate(_EN_SMALL)}
    values |= {word: 20 + 10 * place for place, word in enumerate(_EN_TENS)}
    for value, forms in enumerate(_RU_SMALL):
        values |= {form.replace("ё", "е"): value for form in forms}
    for place, forms in enumerate(_RU_TENS):
        values |= dict.fromkeys(forms, 20 + 10 * place)
    values |= {word: 100 * (place + 1) for place, word in enumerate(_RU_HUNDREDS)}
    return values | {"одна": 1, "одну": 1, "одной": 1, "одно": 1, "две": 2, "ста": 100}


_VALUES = _word_values()
_SCALES = {"hundred": 100, "thousand": 1000, "тысяча": 1000, "тысячу": 1000, "тысячи": 1000, "тысяч": 1000}
_MINUS = {"minus", "negative", "минус"}
_WORD = re.compile(r"[a-zа-я]+|[^a-zа-я\s-]")


def numbers_in_words(text: str) -> list[int]:
    """The numbers below a million that ``text`` writes in words, in order."""
    numbers: list[int] = []
    run: list[str] = []
    is_negative = False
    for word in [*_WORD.findall(text.lower().replace("ё", "е")), "."]:
        if word in _VALUES or word in _SCALES:
            if run and not _goes_on(run[-1], word):
                numbers.append(_value_of(run, is_negative))
                run, is_negative = [], False
            run.append(word)
        elif not (word == "and" and run and run[-1] in _SCALES):
            if run:
                numbers.append(_value_of(run, is_negative))
                run = []
            is_negative = word in _MINUS
    return numbers


def _goes_on(before: str, word: str) -> bool:
    """Whether ``word`` belongs to the number that ``before`` is part of: twenty | seven, but not seven | twenty."""
    if word in _SCALES or before in _SCALES:
        return True
    if _VALUES[before] >= 100:
        return _VALUES[word] < 100
    return _VALUES[before] >= 20 and 1 <= _VALUES[word] <= 9


def _value_of(run: list[str], is_negative: bool) -> int:
    total = group = 0
    for word in run:
        if _SCALES.get(word) == 100:
            group = max(group, 1) * 100
        elif word in _SCALES:
            total, group = total + max(group, 1) * 1000, 0
        else:
            group += _VALUES[word]
    return -(total + group) if is_negative else total + group
