"""Numbers by which Russia knows people and organisations: passport, INN, SNILS, OGRN, KPP.

A number alone proves little (every eleventh ten digits pass for an INN), so a checksum goes together with the word
that names the number: just before it, or, for the long numbers of two checks, anywhere in the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from samovar.data.personal.checksums import inn_holds, ogrn_holds, snils_holds
from samovar.data.personal.finding import Detector, Finding, Page

_NEAR, _SAME_PARAGRAPH = 48, 160
_LAST_REGION = 99


@cache
def _digits() -> re.Pattern[str]:
    return re.compile(r"[0-9](?<!\w[0-9])(?<![0-9][.,-][0-9])[0-9]{9,14}(?![\w]|[.,-][0-9])")


def _word(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?i)(?<!\w)(?:{pattern})(?!\w)")


@cache
def _inn_word() -> re.Pattern[str]:
    return _word(r"ИНН|INN|TIN|идентификационн\w+ номер\w* налогоплательщик\w*")


@cache
def _ogrn_word() -> re.Pattern[str]:
    return _word(r"ОГРН(?:ИП)?|OGRN(?:IP)?|(?:основн\w+ )?государственн\w+ регистрационн\w+ номер\w*")


@cache
def _kpp_word() -> re.Pattern[str]:
    return _word(r"КПП|KPP|код\w* причины постановки(?: на уч[её]т)?")


@cache
def _snils_word() -> re.Pattern[str]:
    return _word(r"СНИЛС\w*|SNILS|страхов\w+ (?:номер\w*|свидетельств\w+)(?: индивидуального лицевого сч[её]та)?")


def _find_codes(page: Page, start: int, end: int) -> Iterator[Finding]:
    """INN, OGRN and SNILS written without separators."""
    for match in _digits().finditer(page.text, start, end):
        digits = match.group()
        span, length = match.span(), len(digits)
        if length in (10, 12) and _is_inn(page, span, digits):
            yield Finding(*span, "inn", 0.97, digits)
        elif length in (13, 15) and _is_ogrn(page, span, digits):
            yield Finding(*span, "ogrn", 0.97, digits)
        elif length == 11 and snils_holds(digits) and page.is_near(_snils_word(), *span, before=_NEAR):
            yield Finding(*span, "snils", 0.97, digits)


def _is_inn(page: Page, span: tuple[int, int], digits: str) -> bool:
    if not inn_holds(digits) or digits.startswith("00"):
        return False
    if page.is_near(_inn_word(), *span, before=_NEAR, after=12):
        return True
    return len(digits) == 12 and page.mentions(_inn_word())


def _is_ogrn(page: Page, span: tuple[int, int], digits: str) -> bool:
    # The first digit tells the kind of record, the next four the year and the region.
    is_shaped = digits[0] in ("3" if len(digits) == 15 else "15") and 1 <= int(digits[3:5]) <= _LAST_REGION
    if not is_shaped or not ogrn_holds(digits):
        return False
    return page.mentions(_ogrn_word())


@cache
def _kpp() -> re.Pattern[str]:
    return re.compile(r"[0-9](?<![\w.,-][0-9])[0-9]{3}[0-9A-Z]{2}[0-9]{3}(?![\w-])")


def _find_kpp(page: Page, start: int, end: int) -> Iterator[Finding]:
    for match in _kpp().finditer(page.text, start, end):
        if page.is_named(_kpp_word(), match.start(), before=_NEAR) and not match.group().startswith("0000"):
            yield Finding(*match.span(), "kpp", 0.9)


@cache
def _snils() -> re.Pattern[str]:
    return re.compile(r"[0-9](?<![\w.,-][0-9])[0-9]{2}[- ][0-9]{3}[- ][0-9]{3}[- ]?[0-9]{2}(?![\w-])")


def _find_snils(page: Page, start: int, end: int) -> Iterator[Finding]:
    for match in _snils().finditer(page.text, start, end):
        digits = re.sub(r"\D", "", match.group())
        is_named = page.is_near(_snils_word(), *match.span(), before=_NEAR)
        # Old numbers have no checksum; what is written with hyphens and passes is one without being called so.
        if snils_holds(digits) and (is_named or match.group()[3] == match.group()[7] == "-"):
            yield Finding(*match.span(), "snils", 0.96 if is_named else 0.85, digits)


@cache
def _passport() -> re.Pattern[str]:
    # 45 04 123456, 4504 № 123456, серия 45 04 номер 123456; of a foreign passport 51 1234567.
    between = r"(?:[ ,]{0,2}(?:№|N|номер|no\.?)?:?[ ]?)"
    return re.compile(
        rf"(?i)[0-9](?<![\w.,/-][0-9])[0-9](?:[ -]?[0-9]{{2}}{between}[0-9]{{3}} ?[0-9]{{3}}|{between}[0-9]{{7}})"
        r"(?![\w]|[.,-][0-9])"
    )


@cache
def _passport_word() -> re.Pattern[str]:
    return re.compile(
        r"(?i)паспорт|(?<!\w)сери[яию](?!\w)|загранпаспорт|документ\w*,? удостоверяющ|удостоверени\w+ личности"
        r"|\bpassport\b"
    )


@cache
def _other_number() -> re.Pattern[str]:
    return _word(
        r"ИНН|КПП|ОГРН|БИК|СНИЛС|заказ\w*|артикул\w*|сч[её]т\w*|договор\w*|штрихкод\w*|код товара|декларации|тел\.?|"
        r"телефон\w*"
    )


@cache
def _office_code() -> re.Pattern[str]:
    return re.compile(r"(?i)(?:код[а-я]* подразделения|к/п)[ :№-]{0,4}([0-9]{3}-[0-9]{3})(?![\w-])")


@cache
def _english_passport() -> re.Pattern[str]:
    return re.compile(r"(?i)\bpassport(?: (?:number|no\.?|num|is|id|#))*[ :#]{1,3}([A-Z]{0,2}[0-9]{7,9})(?![\w-])")


def _find_passport(page: Page, start: int, end: int) -> Iterator[Finding]:
    for match in _passport().finditer(page.text, start, end):
        digits = re.sub(r"\D", "", match.group())
        # Without a space or a sign between series and number it is just a number, unless the passport is named beside.
        reach = _NEAR if digits == match.group() else _SAME_PARAGRAPH
        if page.is_named(_passport_word(), match.start(), before=reach) and not page.is_near(
            _other_number(), *match.span(), before=16
        ):
            yield Finding(*match.span(), "passport", 0.93, digits)
    for pattern in (_office_code(), _english_passport()):
        for match in pattern.finditer(page.text, start, end):
            yield Finding(*match.span(1), "passport", 0.9)


DETECTORS = [
    Detector(("inn", "ogrn", "snils"), "[0-9]{10}", _find_codes),
    Detector(("kpp",), "[0-9]{4}[0-9A-Z]{2}[0-9]{3}", _find_kpp),
    Detector(("snils",), "[0-9]{3}[- ][0-9]{3}[- ][0-9]{3}", _find_snils),
    Detector(("passport",), r"[0-9]{2}[^\n]{0,9}[0-9]{3} ?[0-9]{3}|[0-9]{7}|[0-9]{3}-[0-9]{3}", _find_passport),
]
