"""Finds e-mail addresses, telephone and payment card numbers in running text, and masks them.

Digits in documentation are mostly versions, dates, constants and measurements, so a number counts as a phone only in
a shape in which people write phones, and as a card only with a known issuer's prefix, its length and a valid checksum.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

EMAIL, PHONE, CARD = "email", "phone", "card"

_DASHES = "\u2010\u2011\u2012\u2013\u2212"
_TO_HYPHEN = str.maketrans(dict.fromkeys(_DASHES, "-") | dict.fromkeys("\u00a0\u2009\u202f\t", " "))

# Written on digits d, separators kept; {s} is one separator.
_PHONE_SHAPES = (
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
def _email() -> re.Pattern[str]:
    # The look-behind and the bounded local part keep a long run of letters without '@' linear in time. A call
    # (`query@key.transpose(0, 1)`) is Python's matrix product, not an address.
    return re.compile(r"(?<![\w.+%-])[\w+%-][\w.+%-]{0,63}@(?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{1,24}(?![\w(])")


@cache
def _number() -> re.Pattern[str]:
    separator = rf"[ \u00a0\u2009\u202f().{_DASHES}-]"
    return re.compile(
        rf"(?<!\d,)(?<![\w./:=*^-])(?:\+|\()?\d(?:{separator}{{0,2}}\d){{8,18}}{_EXTENSION}(?![.,]?\d|\w)"
    )


@cache
def _phone() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{shape})" for shape in _PHONE_SHAPES))


def mask_personal(text: str) -> tuple[str, Counter[str]]:
    """``text`` with ``[email]``, ``[phone]`` and ``[card]`` in place of what was found, and how many of each."""
    counts: Counter[str] = Counter()

    def mask(kind: str) -> str:
        counts[kind] += 1
        return f"[{kind}]"

    def mask_number(match: re.Match[str]) -> str:
        kind = _kind_of_number(match.group())
        return mask(kind) if kind else match.group()

    if "@" in text:
        text = _email().sub(lambda match: mask(EMAIL), text)
    return _number().sub(mask_number, text), counts


def _kind_of_number(written: str) -> str | None:
    written = written.translate(_TO_HYPHEN)
    written = re.sub(rf"{_EXTENSION}\Z", "", written)
    digits = re.sub(r"\D", "", written)
    if is_card(written, digits):
        return CARD
    if is_phone(written, digits):
        return PHONE
    return None


def is_phone(written: str, digits: str) -> bool:
    """Whether ``written`` has a shape in which phone numbers are written."""
    if not 10 <= len(digits) <= 15 or len(set(digits)) < 3 or not _phone().fullmatch(written):
        return False
    if written.isdigit():
        # Eleven bare digits are a phone only as a Russian mobile number.
        return len(digits) == 11 and digits[0] in "78" and digits[1] == "9"
    # +3.14159265358 is a number: dots separate a phone's digits at least twice.
    return written.count(".") != 1


def is_card(written: str, digits: str) -> bool:
    """Whether ``written`` is a payment card number: grouping, issuer's prefix, length and Luhn's checksum."""
    groups = re.split(r"[ -]", written)
    is_grouped = all(group.isdigit() for group in groups) and (
        len(groups) == 1 or (len(groups[0]) == 4 and all(len(group) >= 3 for group in groups[:-1]))
    )
    return is_grouped and _has_issuer(digits) and luhn_holds(digits)


def _has_issuer(digits: str) -> bool:
    two, four, length = int(digits[:2]), int(digits[:4]), len(digits)
    if digits[0] == "4":
        return length in (13, 16, 19)
    if 51 <= two <= 55 or 2221 <= four <= 2720:
        return length == 16
    if two in (34, 37) or four in (1800, 2131):
        return length == 15
    if two in (36, 38, 39) or 300 <= four // 10 <= 305:
        return length == 14
    is_long_issuer = 2200 <= four <= 2204 or two in (50, 56, 57, 58) or 60 <= two <= 69 or 3528 <= four <= 3589
    return is_long_issuer and 16 <= length <= 19


def luhn_holds(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit of the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
