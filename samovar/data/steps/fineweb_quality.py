"""Lists, menus and broken lines: FineWeb's rules, with FineWeb-2's thresholds for Russian and its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from samovar.data.quality.rule_step import RuleStep, RuleStepSettings

if TYPE_CHECKING:
    from samovar.data.quality.rules import Rule


class FinewebQualitySettings(RuleStepSettings):
    """Drops documents by how lines end and how long they are; not set: as published for the language."""

    step: Literal["fineweb_quality"] = "fineweb_quality"
    """Name of the step."""
    min_punctuated_lines: float | None = Field(None, ge=0, le=1)
    """Fewest lines that end as sentences do, as a share of the lines; published: 0.12, for Russian 0.231."""
    max_short_lines: float | None = Field(None, ge=0, le=1)
    """Most short lines, as a share of the lines; published: 0.67 for English, no such rule for Russian."""
    short_line_characters: int = Field(30, ge=1)
    """A line of at most this many characters is short."""
    max_repeated_characters: float | None = Field(None, ge=0, le=1)
    """Most that may stand in lines that repeat earlier ones, as a share of the characters; 0.01, for Russian 0.1."""
    max_line_ends_a_word: float | None = Field(None, ge=0)
    """Most line ends by the number of words and punctuation; published: 0.3 for English, 0.139 for Russian."""
    sentence_ends: str | None = Field(None, min_length=1)
    """Marks that end a sentence; not set: Unicode's. Closing quotes are not among them, as published."""


class FinewebQuality(RuleStep):
    """Penedo et al. 2024, arXiv:2406.17557, section 3.6; other languages by FineWeb-2. It remembers nothing."""

    settings_class = FinewebQualitySettings

    def make_rules(self, language: str) -> list[Rule]:
        """In the published order."""
        from samovar.data.quality.fineweb import SENTENCE_ENDS, fineweb_rules
        from samovar.data.quality.profiles import bounds_for

        return fineweb_rules(
            bounds_for(language, self.settings),
            marks=self.settings.sentence_ends or SENTENCE_ENDS,
            short_line_characters=self.settings.short_line_characters,
        )
