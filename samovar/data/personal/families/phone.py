"""Telephone numbers, in the shapes in which people write them, and by the numbering plans where these are known.

Digits in documentation are mostly versions, dates, constants and measurements, so a number counts as a phone only in
a shape in which people write phones; after words as 'phone' or 'тел.', in any shape that a numbering plan allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from samovar.data.personal.finding import Detector, Finding, Page

DASHES = "\u2010\u2011\u2012\u2013\u2212"
_TO_HYPHEN = str.maketrans(dict.fromkeys(DASHES, "-") | dict.fromkeys("\u00a0\u2009\u202f\t", " "))
_CONTEXT_CHARACTERS = 40
_REGIONS = ("RU", "US", "GB", "DE", "FR", "UA", "BY", "KZ", "NL", "IT", "ES", "PL", "DK", "CZ", "SE", "BR", "HU", "AU")
"""Whose national numbers are known after a word for phone; the order tells whose a number is when several fit."""

# Written on digits d, separators kept; {s} is one separator.
_SHAPES = (
    # +7 (495) 123-45-67, 8-800-555-35-35, 8 916 123 45 67
    r"(?:\+?7|8)[ -]?\(?\d{3,5}\)?[ -]?\d{1,3}[ -]?\d{2}[ -]?\d{2}",
    r"(?:\+7|8)[ .-]\d{3}[ .-]\d{3}[ .-]\d{2}[ .-]?\d{2}",
    # (495) 123-45-67, (212) 555-0123
    r"\(\d{3,5}\) ?\d{1,3}[ -]?\d{2}[ -]?\d{2}",
    r"(?:1[ .-])?\(?\d{3}\)?[.-]\d{3}[.-]\d{4}",
    r"(?:1[ .-])?\(\d{3}\) ?\d{3}[ .-]\d{4}",
    # 0490 75 40 81, 07700 063 966
    r"0[1-9]\d{1,3}(?: \d{2,4}){2,3}",
    # +44 20 7946 0958, +49 (0)30 901820, 00 33 1 23 45 67 89
    r"(?:\+|00 ?)[1-9]\d{0,2}(?:[ .-]?\(?\d{1,5}\)?){2,6}",
)

# 555-0123 x42, доб. 12
_EXTENSION = r"(?:,? ?(?:x|ext\.?|доб\.?) ?\d{1,5})?"


@cache
def number_pattern() -> re.Pattern[str]:
    """Nine to nineteen digits with the separators of phones and cards between."""
    # Patterns begin with what they consume, and look behind after it: so ``re`` skips to the next such character.
    separator = rf"[ \u00a0\u2009\u202f().{DASHES}-]"
    return re.compile(
        r"[+(\d](?<!\d,[+(\d])(?<![\w/=*^-][+(\d])(?<![\W\d_][.:][+(\d])"
        # A bracket is the number's where it is closed behind a code: (495) 123-45-67.
        rf"(?:(?<=\d)|(?<=\+)\d|(?<=\()(?=\d{{1,5}}\))\d)(?:{separator}{{0,2}}\d){{8,18}}{_EXTENSION}(?![.,]?\d|\w)"
    )


def beginnings(written: str) -> Iterator[str]:
    """A number as it is written; then without its last group, if short: that may be hours, a date or a count."""
    yield written
    begin = re.sub(rf"(?<=\d)\D*[ \u00a0\u2009\u202f]\D*\d{{1,4}}(?:[.{DASHES}-]\d{{1,4}}){{0,2}}\Z", "", written)
    if begin != written:
        yield begin


def without_extension(written: str) -> str:
    """``written`` in plain hyphens and spaces, without 'x42' at its end."""
    return re.sub(rf"{_EXTENSION}\Z", "", written.translate(_TO_HYPHEN))


@cache
def _phone() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{shape})" for shape in _SHAPES))


def is_phone(written: str, digits: str) -> bool:
    """Whether ``written`` has a shape in which phone numbers are written."""
    if not 10 <= len(digits) <= 15 or len(set(digits)) < 3 or not _phone().fullmatch(written):
        return False
    if written.isdigit():
        # Eleven bare digits are a phone only as a Russian mobile number.
        return len(digits) == 11 and digits[0] in "78" and digits[1] == "9"
    # +3.14159265358 is a number: dots separate a phone's digits at least twice.
    return written.count(".") != 1


@cache
def _words() -> re.Pattern[str]:
    return re.compile(
        r"(?i)\b(?:tele)?phones?\b|\bcall(?:ed|ing)?\b|\btel\b|\bmobile\b|\bcell\b|\bfax\b|\bdial\b|whatsapp|viber"
        r"|\bmy number\b|\breach (?:me|us|you|him|her)\b|\btext me\b|\bhotline\b|\banswer(?:ing)? at\b|"
        r"\bmessages? (?:to|on|at)\b|\boffice:?\b"
        r"|\bтел\b|телефон|моб\.|мобильн|\bзвон|позвон|факс|ватсап|вотсап"
    )


@cache
def _other_number() -> re.Pattern[str]:
    return re.compile(
        r"(?i)\blicen[cs]e|\baccount|\bpassport|\bcard\b|\border\b|\binvoice|\bticket|\bzip\b|\bid\b|договор|"
        r"сч[её]т|заказ|паспорт|"
        r"карт[аыуе]|(?<!\w)(?:ИНН|КПП|ОГРН|БИК|СНИЛС)(?!\w)|индекс"
    )


@cache
def _loose_number() -> re.Pattern[str]:
    separator = rf"[ \u00a0\u2009\u202f().{DASHES}/-]"
    return re.compile(
        rf"[+(0-9](?<![\w.,/:=*^@-][+(0-9])(?:(?<=[0-9])|[0-9])(?:{separator}{{0,2}}[0-9]){{6,14}}(?![.,:/]?[0-9]|\w)"
    )


@cache
def _date_or_address() -> re.Pattern[str]:
    return re.compile(
        r"(?:19|20)\d{2}[-./]\d{1,2}[-./]\d{1,2}.*|\d{1,2}[-./]\d{1,2}[-./](?:19|20)\d{2}.*|(?:\d{1,3}\.){3}\d{1,3}"
    )


def _find(page: Page, start: int, end: int) -> Iterator[Finding]:
    for match in number_pattern().finditer(page.text, start, end):
        for begin in beginnings(match.group()):
            written = without_extension(begin)
            digits = re.sub(r"\D", "", written)
            if digits.isascii() and is_phone(written, digits) and not _is_sum(written):
                yield Finding(match.start(), match.start() + len(begin), "phone", 0.9, _canonical(digits))
                break
    for match in _loose_number().finditer(page.text, start, end):
        written = match.group().translate(_TO_HYPHEN)
        if _date_or_address().fullmatch(written) or written.count("(") != written.count(")"):
            continue
        digits = re.sub(r"\D", "", written)
        if (
            len(set(digits)) >= 3
            and page.is_near(_words(), *match.span(), before=_CONTEXT_CHARACTERS)
            and not page.is_near(_other_number(), *match.span(), before=_CONTEXT_CHARACTERS // 2)
            and _is_planned(written)
        ):
            yield Finding(*match.span(), "phone", 0.8, _canonical(digits))


def _is_sum(written: str) -> bool:
    """Whether a plus and bare digits are a number of a program, such as +4294967296: no country has such phones."""
    plans = _numbering_plans()
    if plans is None or not (written.startswith("+") and written[1:].isdigit()):
        return False
    try:
        return not plans.is_possible_number(plans.parse(written, None))
    except plans.NumberParseException:
        return True


def _canonical(digits: str) -> str:
    """8 916 …, +7 916 … and 916 … are one number."""
    return "7" + digits[1:] if len(digits) == 11 and digits[0] == "8" else digits


@cache
def _numbering_plans() -> Any:
    """The package phonenumbers, or None: then shapes alone decide."""
    try:
        import phonenumbers
    except ModuleNotFoundError:
        return None
    return phonenumbers


@lru_cache(10_000)
def _is_planned(written: str) -> bool:
    plans = _numbering_plans()
    if plans is None:
        return False
    for region in (None,) if written.startswith("+") else _REGIONS:
        try:
            if plans.is_valid_number(plans.parse(written, region)):
                return True
        except plans.NumberParseException:
            continue
    return False


DETECTORS = [Detector(("phone",), r"[0-9](?:[^0-9A-Za-z\n]{0,2}[0-9]){6}", _find)]
