"""A quick look that tells which detectors can find anything in a text at all.

RE2's ``Set`` passes all their gates in one linear run, an order of magnitude faster than the detectors together.
Without it every detector is asked: slower, with the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_MEMORY_BYTES = 64 << 20


class Gate:
    """Of several patterns, those that occur in a text."""

    def __init__(self, patterns: Sequence[str], *, uses_re2: bool = True) -> None:
        self._everything = tuple(range(len(patterns)))
        self._set = _compile(patterns) if uses_re2 and patterns else None

    def passes(self, text: str) -> tuple[int, ...]:
        """The numbers of the patterns that may occur in ``text``, in order."""
        if self._set is None:
            return self._everything
        return tuple(sorted(self._set.Match(text.encode("utf-8", "replace")) or ()))


def _compile(patterns: Sequence[str]) -> Any:
    try:
        import re2
    except ModuleNotFoundError:
        return None
    options = re2.Options()
    options.max_mem = _MEMORY_BYTES
    options.log_errors = False
    found = re2.Set.SearchSet(options)
    for pattern in patterns:
        found.Add(pattern)
    found.Compile()
    return found
