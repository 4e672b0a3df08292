"""One tool call read while it is written, so that its arguments can be passed on before it ends."""

from __future__ import annotations

import json
import re

_HEAD = re.compile(r'<tool_call>\s*\{\s*"name"\s*:\s*("(?:[^"\\]|\\.)+")\s*,\s*"arguments"\s*:\s*(?=\{)')
_TAIL = re.compile(r"\s*\}\s*</tool_call>")


class CallReader:
    """Reads a call in Hermes form from its mark on, as the text grows.

    What does not begin as a call does is none, and ``name`` stays None. What breaks off later is a call whose
    arguments break off, as the caller has seen them already.
    """

    def __init__(self, start: int) -> None:
        """``start``: where the mark stands in the text."""
        self.name: str | None = None
        self.arguments = ""
        """What of the arguments is there, word for word."""
        self.end: int | None = None
        """Where the text goes on behind the call, once it is closed."""
        self._place = start
        self._depth = 0
        self._is_in_string = self._is_escaped = self._is_read = False

    def read(self, text: str) -> str:
        """What ``text``, which has grown, adds to the arguments."""
        if self.name is None and not self._read_head(text):
            return ""
        before = len(self.arguments)
        while self._place < len(text) and not self._is_read:
            self._take(text[self._place])
        if self._is_read and self.end is None and (closed := _TAIL.match(text, self._place)):
            self.end = closed.end()
        return self.arguments[before:]

    def _read_head(self, text: str) -> bool:
        found = _HEAD.match(text, self._place)
        if found is None:
            return False
        try:
            self.name = json.loads(found[1])
        except ValueError:
            return False
        self._place = found.end()
        return True

    def _take(self, letter: str) -> None:
        self.arguments += letter
        self._place += 1
        if self._is_in_string:
            self._is_in_string = self._is_escaped or letter != '"'
            self._is_escaped = letter == "\\" and not self._is_escaped
        elif letter == '"':
            self._is_in_string = True
        elif letter in "{[":
            self._depth += 1
        elif letter in "}]":
            self._depth -= 1
            self._is_read = self._depth == 0
