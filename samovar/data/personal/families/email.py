"""E-mail addresses, in any alphabet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from samovar.data.personal.finding import Detector, Finding, Page

_URL_CHARACTERS = 80


@cache
def email_pattern() -> re.Pattern[str]:
    """What an address looks like."""
    # The look-behind and the bounds keep a long run of letters without '@', or of '(', linear in time. A call
    # (`query@key.transpose(0, 1)`) is Python's matrix product, not an address.
    return re.compile(
        r"(?<![\w.+%-])[\w+%-][\w.+%-]{0,63}@(?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{1,24}(?!\w|\([\x00-\x7f]{0,200}?\))"
    )


def _find(page: Page, start: int, end: int) -> Iterator[Finding]:
    for match in email_pattern().finditer(page.text, start, end):
        if not _is_password(page.text, match.start()):
            yield Finding(*match.span(), "email", 0.99, match.group().casefold())


def _is_password(text: str, start: int) -> bool:
    """Whether what stands before the '@' is the end of ``scheme://user:password@host``."""
    before = text[max(0, start - _URL_CHARACTERS) : start]
    return before.endswith(":") and "://" in before and not any(map(str.isspace, before[before.rindex("://") :]))


DETECTORS = [Detector(("email",), "@", _find)]
