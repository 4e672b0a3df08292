"""Lines that are no sentences, and pages with too few of them: C4's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from samovar.data.document import Document
from samovar.data.quality.rule_step import RuleStep, RuleStepSettings
from samovar.data.steps.step import Dropped, Edited, Verdict

if TYPE_CHECKING:
    from samovar.data.quality.c4 import Sifted
    from samovar.data.quality.rules import Rule


class C4QualitySettings(RuleStepSettings):
    """Removes lines that are no sentences and drops pages with few sentences, code or filler text."""

    step: Literal["c4_quality"] = "c4_quality"
    """Name of the step."""
    languages: list[str] = ["en"]
    """Languages to judge; others pass, since FineWeb-2 found these rules of no use outside English."""
    terminal_mark: bool = True
    """Remove lines that don't end with a terminal mark (FineWeb leaves this one out)."""
    min_words_a_line: int = Field(3, ge=0)
    """Remove lines of fewer words."""
    max_word_characters: int = Field(1000, ge=1)
    """Remove lines with a longer word, in characters."""
    javascript_lines: bool = True
    """Remove lines that speak of JavaScript."""
    policy_lines: bool = True
    """Remove lines on cookies, privacy policies and terms of use."""
    citations: bool = True
    """Remove marks of citations such as [1] and [edit]."""
    lorem_ipsum: bool = True
    """Drop pages with the filler text lorem ipsum."""
    curly_brackets: bool = True
    """Drop pages with a curly bracket, which is code more often than text."""
    min_sentences: int = Field(5, ge=0)
    """Drop pages with fewer sentences left."""
    min_paragraph_characters: int = Field(0, ge=0)
    """Drop pages without three lines of at least this many characters; mC4: 200, 0 switches the rule off."""


class C4Quality(RuleStep):
    """Raffel et al. 2020, JMLR 21(140), section 2.2. It remembers nothing."""

    settings_class = C4QualitySettings

    def judge(self, document: Document) -> Verdict:
        """The lines that stay, or the reason why the page goes."""
        from samovar.data.quality.profiles import language_of

        language = document.meta.get("language") or language_of(document.meta, document.text)
        if language not in self.settings.languages:
            return None
        sifted = self._sift(document.text)
        dropped = self._flaw(document.text, sifted)
        if dropped is not None:
            return self.verdict_on(document, dropped)
        text = "\n".join(sifted.lines)
        return None if text == document.text else Edited(text, sifted.lost)

    def make_rules(self, language: str) -> list[Rule]:
        """The rules with a number in them, for the preview."""
        from samovar.data.quality.c4 import third_longest_line
        from samovar.data.quality.rules import Rule

        settings = self.settings
        if language not in settings.languages:
            return []
        return [
            Rule(
                "min_sentences",
                lambda shape: float(self._sift(shape.text).num_sentences),
                "at least",
                settings.min_sentences,
                "few sentences",
            ),
            Rule(
                "min_paragraph_characters",
                lambda shape: float(third_longest_line(self._sift(shape.text).lines)),
                "at least",
                settings.min_paragraph_characters,
                "no three long lines",
            ),
        ]

    def _sift(self, text: str) -> Sifted:
        from samovar.data.quality.c4 import LineRules, sift_lines

        settings = self.settings
        rules = LineRules(
            settings.terminal_mark,
            settings.min_words_a_line,
            settings.max_word_characters,
            settings.javascript_lines,
            settings.policy_lines,
            settings.citations,
        )
        return sift_lines(text, rules)

    def _flaw(self, text: str, sifted: Sifted) -> Dropped | None:
        from samovar.data.quality.c4 import third_longest_line

        settings = self.settings
        if settings.lorem_ipsum and "lorem ipsum" in text.lower():
            return Dropped("filler text lorem ipsum")
        if settings.curly_brackets and "{" in text:
            return Dropped("a curly bracket")
        if sifted.num_sentences < settings.min_sentences:
            return Dropped("few sentences", f"{sifted.num_sentences} left; at least {settings.min_sentences} wanted")
        wanted = settings.min_paragraph_characters
        if wanted and (longest := third_longest_line(sifted.lines)) < wanted:
            return Dropped("no three long lines", f"the third longest has {longest} characters; {wanted} wanted")
        return None
