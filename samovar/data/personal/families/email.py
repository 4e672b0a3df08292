"""E-mail addresses, in any alphabet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from samovar.data.personal.finding import Detector, Finding, Page


@cache
def email_pattern() -> re.Pattern[str]:
    """What an address looks like."""
    # The look-behind and the bounded local part keep a long run of letters without '@' linear in time. A call
    # (`query@key.transpose(0, 1)`) is Python's matrix product, not an address.
    return re.compile(r"(?<![\w.+%-])[\w+%-][\w.+%-]{0,63}@(?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{1,24}(?![\w(])")


def _find(page: Page, start: int, end: int) -> Iterator[Finding]:
    for match in email_pattern().finditer(page.text, start, end):
        yield Finding(*match.span(), "email", 0.99, match.group().casefold())


DETECTORS = [Detector(("email",), "@", _find)]
