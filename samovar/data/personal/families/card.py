"""Payment card numbers: a known issuer's prefix, its length and Luhn's checksum."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from samovar.data.personal.checksums import luhn_holds
from samovar.data.personal.families.phone import beginnings
from samovar.data.personal.finding import Detector, Finding, Page

_DASHES = "\u2010\u2011\u2012\u2013\u2212-"
_SPACES = "\u00a0\u2009\u202f "
_DIGITS_IN_A_CARD = (12, 19)
_DIGITS_IN_A_BARCODE = 13
_CONTEXT_CHARACTERS = 60


def is_card(written: str, digits: str) -> bool:
    """Whether ``written`` is a payment card number: grouping, issuer's prefix, length and checksum."""
    return _is_grouped(written) and _has_issuer(digits) and luhn_holds(digits)


def _is_grouped(written: str) -> bool:
    groups = re.split(r"[ -]", written)
    return all(group.isdigit() for group in groups) and (
        len(groups) == 1 or (len(groups[0]) == 4 and all(len(group) >= 3 for group in groups[:-1]))
    )


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


@cache
def _candidate() -> re.Pattern[str]:
    low, high = _DIGITS_IN_A_CARD
    return re.compile(
        r"[0-9](?<![0-9],[0-9])(?<![\w./=*^-][0-9])(?<![\W\d_]:[0-9])"
        rf"(?:[{_SPACES}{_DASHES}]?[0-9]){{{low - 1},{high - 1}}}(?![.,]?[0-9]|\w)"
    )


@cache
def _words() -> re.Pattern[str]:
    return re.compile(r"(?i)\bcards?\b|\bcredit\b|\bcc\b|\bvisa\b|mastercard|maestro|amex|карт[аыуео]|карточк|\bмир\b")


def _find(page: Page, start: int, end: int) -> Iterator[Finding]:
    hyphens = str.maketrans(dict.fromkeys(_DASHES, "-") | dict.fromkeys(_SPACES, " "))
    for match in _candidate().finditer(page.text, start, end):
        for begin in beginnings(match.group()):
            written = begin.translate(hyphens)
            digits = re.sub(r"\D", "", written)
            if len(set(digits)) < 3 or not _is_grouped(written) or not luhn_holds(digits):
                continue
            end_of_card = match.start() + len(begin)
            if _has_issuer(digits) and len(digits) != _DIGITS_IN_A_BARCODE:
                yield Finding(match.start(), end_of_card, "card", 0.97, digits)
                break
            if begin == match.group() and page.is_named(_words(), match.start(), before=_CONTEXT_CHARACTERS):
                # Old cards of Visa have 13 digits, as goods have, and of Maestro 12; issuers come and go.
                yield Finding(match.start(), end_of_card, "card", 0.9, digits)
                break


DETECTORS = [
    Detector(("card",), rf"[0-9](?:[{_SPACES}{_DASHES}]?[0-9]){{{_DIGITS_IN_A_CARD[0] - 1}}}", _find),
]
