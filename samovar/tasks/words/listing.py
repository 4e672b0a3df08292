"""Word lists written as one string, which is how a person reads and extends them most easily."""

from __future__ import annotations


def listed(text: str, separator: str | None = None) -> tuple[str, ...]:
    """The words of ``text``, parted by spaces or by ``separator``."""
    return tuple(text.split(separator))
