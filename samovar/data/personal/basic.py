"""E-mail addresses, telephone and payment card numbers masked, with nothing but the base install.

Reports show texts so: it is the same wherever they are made.
"""

from __future__ import annotations

import re
from collections import Counter

from samovar.data.personal.families.card import is_card
from samovar.data.personal.families.email import email_pattern
from samovar.data.personal.families.phone import beginnings, is_phone, number_pattern, without_extension

EMAIL, PHONE, CARD = "email", "phone", "card"


def mask_personal(text: str) -> tuple[str, Counter[str]]:
    """``text`` with ``[email]``, ``[phone]`` and ``[card]`` in place of what was found, and how many of each."""
    counts: Counter[str] = Counter()

    def mask(kind: str) -> str:
        counts[kind] += 1
        return f"[{kind}]"

    def mask_number(match: re.Match[str]) -> str:
        for begin in beginnings(match.group()):
            if kind := _kind_of_number(begin):
                return mask(kind) + match.group()[len(begin) :]
        return match.group()

    if "@" in text:
        text = email_pattern().sub(lambda match: mask(EMAIL), text)
    return number_pattern().sub(mask_number, text), counts


def _kind_of_number(written: str) -> str | None:
    written = without_extension(written)
    digits = re.sub(r"\D", "", written)
    if is_card(written, digits):
        return CARD
    if is_phone(written, digits):
        return PHONE
    return None
