"""Documents that don't read as prose: Gopher's rules, with FineWeb-2's thresholds for Russian and its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from samovar.data.quality.rule_step import RuleStep, RuleStepSettings

if TYPE_CHECKING:
    from samovar.data.quality.rules import Rule


class GopherQualitySettings(RuleStepSettings):
    """Drops documents by length, words and symbols; not set: as published for the language."""

    step: Literal["gopher_quality"] = "gopher_quality"
    """Name of the step."""
    min_words: int | None = Field(None, ge=0)
    """Fewest words, punctuation aside; published: 50."""
    max_words: int | None = Field(None, ge=1)
    """Most words, punctuation aside; published: 100,000."""
    min_mean_word_characters: float | None = Field(None, ge=0)
    """Least mean length of a word, in characters; published: 3."""
    max_mean_word_characters: float | None = Field(None, ge=1)
    """Greatest mean length of a word, in characters; published: 10 for English, 11 for Russian."""
    max_hashes_a_word: float | None = Field(None, ge=0)
    """Most signs # by the number of words; published: 0.1."""
    max_ellipses_a_word: float | None = Field(None, ge=0)
    """Most ellipses by the number of words; published: 0.1."""
    max_bullet_lines: float | None = Field(None, ge=0, le=1)
    """Most lines that may begin with a bullet or a hyphen, as a share of the lines; published: 0.9."""
    max_ellipsis_lines: float | None = Field(None, ge=0, le=1)
    """Most lines that may end with an ellipsis, as a share of the lines; published: 0.3."""
    min_words_with_letters: float | None = Field(None, ge=0, le=1)
    """Fewest words with a letter, as a share of words and punctuation; published: 0.8, for Russian 0.713."""
    min_stop_words: int | None = Field(None, ge=0)
    """Fewest different common words of the language; published: 2, 0 switches the rule off."""
    stop_words: list[str] | None = None
    """The common words, in their case; not set: the published ones of the language."""


class GopherQuality(RuleStep):
    """Rae et al. 2021 (Gopher), arXiv:2112.11446, appendix A.1; other languages by FineWeb-2. It remembers nothing."""

    settings_class = GopherQualitySettings

    def make_rules(self, language: str) -> list[Rule]:
        """Cheap rules first."""
        from samovar.data.quality.gopher import gopher_rules
        from samovar.data.quality.profiles import PROFILES, bounds_for

        bounds = bounds_for(language, self.settings)
        if self.settings.stop_words is not None:
            return gopher_rules({"min_stop_words": 2, **_set_only(bounds)}, frozenset(self.settings.stop_words))
        return gopher_rules(bounds, PROFILES[language].stop_words if language else frozenset())


def _set_only(bounds: dict[str, float | None]) -> dict[str, float | None]:
    """The bounds without a rule on stop words that is off for want of a list."""
    return {name: bound for name, bound in bounds.items() if name != "min_stop_words" or bound is not None}
