"""Unicode and white space in one form, so that equal texts are equal bytes."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Literal

from samovar.data.document import Document
from samovar.data.steps.step import Dropped, Edited, Step, StepSettings, Verdict


class NormaliseSettings(StepSettings):
    """Unicode NFC, newlines, control characters, blanks at line ends and runs of blank lines."""

    step: Literal["normalise"] = "normalise"
    """Name of the step."""
    max_blank_lines: int = 2
    """Blank lines kept where there are more, in lines."""


class Normalise(Step):
    """Brings every text into one form. It is idempotent, and drops what has nothing left."""

    settings_class = NormaliseSettings

    def judge(self, document: Document) -> Verdict:
        """The same text in NFC with clean white space."""
        text = normalise(document.text, max_blank_lines=self.settings.max_blank_lines)
        if not text:
            return Dropped("nothing but white space")
        return None if text == document.text else Edited(text)


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {
        "newline": re.compile("\r\n?|\v|\f|\x85|\u2028|\u2029"),
        # Control characters but \t and \n; zero-width spaces, soft hyphens, marks of direction and byte order, halves
        # of surrogate pairs. The joiners U+200C and U+200D stay: scripts and emoji need them.
        "invisible": re.compile(
            "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff\ud800-\udfff]"
        ),
        "space": re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]"),
        "line_end": re.compile(r"[ \t]+$", re.MULTILINE),
    }


def normalise(text: str, *, max_blank_lines: int = 2) -> str:
    """``text`` in NFC, lines ended by ``\\n`` alone, without control characters, trailing blanks and blank edges."""
    pattern = _patterns()
    text = pattern["newline"].sub("\n", text)
    if not text.isascii():
        text = pattern["space"].sub(" ", text)
    text = pattern["invisible"].sub("", text)
    text = pattern["line_end"].sub("", text)
    text = re.sub(rf"\n{{{max_blank_lines + 2},}}", "\n" * (max_blank_lines + 1), text)
    # Blanks at the start of the first line are its indentation, which code needs.
    return unicodedata.normalize("NFC", text).strip("\n").rstrip()
