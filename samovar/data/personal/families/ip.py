"""Internet addresses that can be reached from outside; private, reserved and documentation ranges name nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from samovar.data.personal.finding import Detector, Finding, Page

_CONTEXT_CHARACTERS = 40
_LEAST_GROUPS = 3
_SECTION_NUMBER = 40
"""Four numbers below this are an address only beside a word that says so: 1.2.3.4 is a section or a version."""


@cache
def _v4() -> re.Pattern[str]:
    return re.compile(
        r"[0-9](?<![\w.-][0-9])(?<![A-Za-zА-я]/[0-9])[0-9]{0,2}\.(?:[0-9]{1,3}\.){2}[0-9]{1,3}(?![\w]|\.[0-9]|-[0-9])"
    )


@cache
def _v6() -> re.Pattern[str]:
    return re.compile(
        r"(?:[0-9A-Fa-f](?<![\w:.].)[0-9A-Fa-f]{0,3}|"
        r":(?<![\w:.].):[0-9A-Fa-f]{1,4})(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:]|\.[0-9])"
    )


@cache
def _version_before() -> re.Pattern[str]:
    return re.compile(
        r"(?i)(?:\bверси\w*|\bversions?|\bver\.?|\bv\.?|\brelease|\bрелиз\w*|\bbuild|\bсборк\w*|\bфорк\w*|\bп{1,2}\.|"
        r"\bпункт\w*|\bподпункт\w*|\bразд(?:ел\w*|\.)|\bsections?|\bsec\.|\bchapter|\bглав\w*|\bст\.|\bстать\w*|§|"
        r"\boid|\bтаблиц\w*|\bрис(?:\.|унок)|\bfigure|\bгост)[\s:№=(]*\Z"
    )


@cache
def _address_words() -> re.Pattern[str]:
    return re.compile(
        r"(?i)\bip(?:v[46])?\b|\bip[-_ ]|адрес|\baddress|\bhosts?\b|\bхост|сервер|\bserver|\bping\b|\bdns\b|\bsubnet"
        r"|https?://|\bssh\b|\bclient|\bremote\b|\bfrom\b|\bблок|\blog(?:in|ged)\b|\bgateway|шлюз"
    )


def _find_v4(page: Page, start: int, end: int) -> Iterator[Finding]:
    for match in _v4().finditer(page.text, start, end):
        if _is_public_v4(match.group()) and not _is_version(page, match):
            yield Finding(*match.span(), "ip", 0.9)


def _find_v6(page: Page, start: int, end: int) -> Iterator[Finding]:
    for match in _v6().finditer(page.text, start, end):
        groups = [group for group in match.group().split(":") if group]
        # A clock, a scope in a program (a::b) and a hash of a few bytes have as many colons.
        if len(groups) < _LEAST_GROUPS or not any(character.isdigit() for character in match.group()):
            continue
        try:
            address = IPv6Address(match.group())
        except AddressValueError:
            continue
        if address.is_global and not address.is_multicast:
            yield Finding(*match.span(), "ip", 0.95, address.exploded)


def _is_public_v4(written: str) -> bool:
    try:
        address = IPv4Address(written)
    except AddressValueError:
        return False
    return address.is_global and not address.is_multicast


def _is_version(page: Page, match: re.Match[str]) -> bool:
    before = page.text[max(0, match.start() - _CONTEXT_CHARACTERS) : match.start()]
    if _version_before().search(before):
        return True
    is_small = all(int(part) < _SECTION_NUMBER for part in match.group().split("."))
    return is_small and not _address_words().search(before)


DETECTORS = [
    Detector(("ip",), r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]", _find_v4),
    Detector(("ip",), "(?:[0-9A-Fa-f]{0,4}:){2}[0-9A-Fa-f:]", _find_v6),
]
