"""Numbers of the social security of the United States."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from samovar.data.personal.finding import Detector, Finding, Page

_NEAR = 48
_FIRST_NEVER_ISSUED_AREA = 900


@cache
def _ssn() -> re.Pattern[str]:
    return re.compile(r"([0-9](?<![\w.,/+-][0-9])[0-9]{2})([- ]?)([0-9]{2})\2([0-9]{4})(?![\w-]|[.,][0-9])")


@cache
def _words() -> re.Pattern[str]:
    return re.compile(r"(?i)\bssn\b|\bsocial security\b|\bsocial\b")


def _find(page: Page, start: int, end: int) -> Iterator[Finding]:
    for match in _ssn().finditer(page.text, start, end):
        area, separator, group, serial = match.groups()
        # Never issued: SSA, POMS RM 10201.035.
        is_possible = area not in ("000", "666") and int(area) < _FIRST_NEVER_ISSUED_AREA
        if not is_possible or group == "00" or serial == "0000":
            continue
        if separator == "-" or page.is_near(_words(), *match.span(), before=_NEAR):
            yield Finding(*match.span(), "ssn", 0.85, area + group + serial)


DETECTORS = [Detector(("ssn",), "[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}", _find)]
