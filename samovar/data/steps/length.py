"""Documents too short to teach anything, and too long to be one text."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from samovar.data.document import Document
from samovar.data.steps.step import Dropped, Step, StepSettings, Verdict


class LengthSettings(StepSettings):
    """The least and the greatest length of a document."""

    step: Literal["length"] = "length"
    """Name of the step."""
    min_characters: int = Field(32, ge=0)
    """Shorter documents are dropped, in characters."""
    max_characters: int = Field(10_000_000, ge=1)
    """Longer documents are dropped, in characters."""


class Length(Step):
    """Drops documents outside the limits. It remembers nothing."""

    settings_class = LengthSettings

    def judge(self, document: Document) -> Verdict:
        """Keep or drop by the number of characters."""
        length = len(document.text)
        if length < self.settings.min_characters:
            return Dropped("too short", f"{length} characters; at least {self.settings.min_characters} wanted")
        if length > self.settings.max_characters:
            return Dropped("too long", f"{length} characters; at most {self.settings.max_characters} wanted")
        return None
