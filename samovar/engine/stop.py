"""Stop texts found in a stream, of which no letter may leak."""

from __future__ import annotations

from collections.abc import Sequence


class StopTexts:
    """Lets text through up to the first stop text; holds back an end that may be the beginning of one."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = stops
        self._held = ""
        self.found: str | None = None
        """The stop text that was met."""

    @property
    def is_hit(self) -> bool:
        """Whether a stop text was met."""
        return self.found is not None

    def push(self, text: str) -> str:
        """The part of the text so far that is certain to come before any stop text, and was not given yet."""
        if self.is_hit or not self._stops:
            return "" if self.is_hit else text
        self._held += text
        places = [(at, stop) for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if places:
            # Of stops at the same place the one that was given first counts.
            at, self.found = min(places, key=lambda one: one[0])
            safe, self._held = self._held[:at], ""
            return safe
        safe_length = len(self._held) - max(_overlap(self._held, stop) for stop in self._stops)
        safe, self._held = self._held[:safe_length], self._held[safe_length:]
        return safe

    def finish(self) -> str:
        """What was held back, now that no more text comes."""
        rest, self._held = self._held, ""
        return rest


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of ``text`` that ``stop`` begins with, ``stop`` itself excluded."""
    for length in range(min(len(text), len(stop) - 1), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
