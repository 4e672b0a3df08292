"""Documents that repeat themselves: Gopher's rules, with FineWeb-2's thresholds for Russian and its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from samovar.data.quality.rule_step import RuleStep, RuleStepSettings

if TYPE_CHECKING:
    from samovar.data.quality.rules import Rule


class RepetitionSettings(RuleStepSettings):
    """Drops documents with many repeated lines, paragraphs or runs of words; not set: as published for the language."""

    step: Literal["repetition"] = "repetition"
    """Name of the step."""
    repeated_lines: float | None = Field(None, ge=0, le=1)
    """Most that may repeat earlier lines, as a share of the lines; 1 switches the rule off, as in those below."""
    repeated_line_characters: float | None = Field(None, ge=0, le=1)
    """Most that may stand in lines that repeat earlier ones, as a share of the characters."""
    repeated_paragraphs: float | None = Field(None, ge=0, le=1)
    """Most that may repeat earlier paragraphs, as a share of the paragraphs."""
    repeated_paragraph_characters: float | None = Field(None, ge=0, le=1)
    """Most that may stand in paragraphs that repeat earlier ones, as a share of the characters."""
    top_2_words: float | None = Field(None, ge=0, le=1)
    """Most that the commonest run of 2 words may make up, as a share of the characters."""
    top_3_words: float | None = Field(None, ge=0, le=1)
    """Most that the commonest run of 3 words may make up, as a share of the characters."""
    top_4_words: float | None = Field(None, ge=0, le=1)
    """Most that the commonest run of 4 words may make up, as a share of the characters."""
    repeated_5_words: float | None = Field(None, ge=0, le=1)
    """Most that may stand in runs of 5 words that occurred before, as a share of the characters."""
    repeated_6_words: float | None = Field(None, ge=0, le=1)
    """Most that may stand in runs of 6 words that occurred before, as a share of the characters."""
    repeated_7_words: float | None = Field(None, ge=0, le=1)
    """Most that may stand in runs of 7 words that occurred before, as a share of the characters."""
    repeated_8_words: float | None = Field(None, ge=0, le=1)
    """Most that may stand in runs of 8 words that occurred before, as a share of the characters."""
    repeated_9_words: float | None = Field(None, ge=0, le=1)
    """Most that may stand in runs of 9 words that occurred before, as a share of the characters."""
    repeated_10_words: float | None = Field(None, ge=0, le=1)
    """Most that may stand in runs of 10 words that occurred before, as a share of the characters."""


class Repetition(RuleStep):
    """Rae et al. 2021 (Gopher), arXiv:2112.11446, table A1; other languages by FineWeb-2. It remembers nothing."""

    settings_class = RepetitionSettings

    def make_rules(self, language: str) -> list[Rule]:
        """Lines and paragraphs first, since they cost least."""
        from samovar.data.quality.profiles import bounds_for
        from samovar.data.quality.repetition import line_rules, run_rules

        bounds = bounds_for(language, self.settings)
        return line_rules(bounds) + run_rules(bounds)
