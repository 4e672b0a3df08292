"""Bank accounts: IBAN, and Russian accounts with the BIK of their bank."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from samovar.data.personal.checksums import account_holds, iban_holds
from samovar.data.personal.finding import Detector, Finding, Page

_NEAR, _REACH = 64, 400

# Characters of an IBAN by country, from the IBAN registry of ISO 13616 (SWIFT).
_IBAN_LENGTHS = {
    length: countries.split()
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH BI CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
}
_LENGTH_BY_COUNTRY = {country: length for length, countries in _IBAN_LENGTHS.items() for country in countries}


@cache
def _iban_head() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z](?<![0-9A-Za-zА-яЁё].)[A-Za-z][0-9]{2}(?=[ -]?[0-9A-Za-z])")


@cache
def _iban_rest(length: int) -> re.Pattern[str]:
    return re.compile(rf"(?:[ -]?[0-9A-Za-z]){{{length - 4}}}(?![0-9A-Za-z])")


def _find_iban(page: Page, start: int, end: int) -> Iterator[Finding]:
    for head in _iban_head().finditer(page.text, start, end):
        length = _LENGTH_BY_COUNTRY.get(head.group()[:2].upper())
        rest = _iban_rest(length).match(page.text, head.end(), end) if length else None
        if rest:
            iban = re.sub("[ -]", "", head.group() + rest.group()).upper()
            if iban_holds(iban):
                yield Finding(head.start(), rest.end(), "iban", 0.99, iban)


@cache
def _bik() -> re.Pattern[str]:
    return re.compile(r"0(?<![\w.,-]0)[0-9]{8}(?![\w-])")


@cache
def _bik_word() -> re.Pattern[str]:
    return re.compile(r"(?i)(?<!\w)(?:БИК|BIK|BIC)(?!\w)|банковск\w+ идентификационн\w+ код")


def _find_bik(page: Page, start: int, end: int) -> Iterator[Finding]:
    for match in _bik().finditer(page.text, start, end):
        if page.is_named(_bik_word(), match.start(), before=_NEAR):
            yield Finding(*match.span(), "bik", 0.95)


@cache
def _account() -> re.Pattern[str]:
    return re.compile(r"[0-9](?<![\w.,-][0-9])(?:[ .\u00a0]?[0-9]){19}(?![\w]|[.,-][0-9])")


@cache
def _account_word() -> re.Pattern[str]:
    return re.compile(
        r"(?i)(?<!\w)(?:сч[её]т[а-я]{0,3}|сч\.|[рклс]/сч?[её]?т?|[рк]\.с\.|р\.сч|[рл]сч|account|acc\.?|acct)(?!\w)"
    )


@cache
def _account_shape() -> re.Pattern[str]:
    # The balance account of the Bank of Russia's chart (first order), then the currency's digits: 810 is the rouble.
    return re.compile(
        r"(?:20|30|31|32|40|41|42|43|44|45|47|50|52|60|61|70)[0-9]{3}(?:810|840|978|156|643|826|756|392|398|933)"
    )


def _find_account(page: Page, start: int, end: int) -> Iterator[Finding]:
    for match in _account().finditer(page.text, start, end):
        digits = re.sub(r"\D", "", match.group())
        if not _account_shape().match(digits):
            continue
        if any(account_holds(digits, bik) for bik in _biks_around(page, match)):
            yield Finding(*match.span(), "account", 0.99, digits)
        elif page.is_near(_account_word(), *match.span(), before=_NEAR):
            yield Finding(*match.span(), "account", 0.9, digits)


def _biks_around(page: Page, match: re.Match[str]) -> list[str]:
    """The BIKs written near an account: requisites name both within a few lines."""
    low, high = max(0, match.start() - _REACH), match.end() + _REACH
    return [bik.group() for bik in _bik().finditer(page.text, low, high)]


DETECTORS = [
    Detector(("iban",), "[A-Za-z]{2}[0-9]{2}[ -]?[0-9A-Za-z](?:[ -]?[0-9A-Za-z]){9}", _find_iban),
    Detector(("bik",), "0[0-9]{8}", _find_bik),
    Detector(("account",), "[0-9](?:[ .\u00a0]?[0-9]){19}", _find_account),
]
