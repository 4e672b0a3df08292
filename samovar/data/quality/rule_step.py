"""The base of steps that drop a document by rules: its language chooses the thresholds, and tables may be spared."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Literal

from samovar.data.document import Document
from samovar.data.steps.step import Dropped, Marked, Step, StepSettings, Verdict

if TYPE_CHECKING:
    from samovar.data.quality.rules import Rule

SPARED = "pages spared as"
MARKED = "documents that stay though they break a rule"
MARK = "quality"
"""The key of meta that names the rules broken."""


class RuleStepSettings(StepSettings):
    """What steps of rules have in common. A threshold that is not set is the one published for the language."""

    language: Literal["en", "ru", "uk", "be", "kk"] | None = None
    """Take the thresholds of this language for all documents; not set: of each document's own."""
    action: Literal["drop", "mark"] = "drop"
    """drop: what breaks a rule leaves the corpus; mark: it stays, and its meta names the rules, under quality."""
    spare_tables: bool = True
    """Let pages of tables, forms and price lists pass, which rules made for prose on the web would drop."""


class RuleStep(Step):
    """Drops a document at the first rule that it breaks. It remembers nothing."""

    def __init__(self, settings: RuleStepSettings, *, seed: int = 0) -> None:
        super().__init__(settings, seed=seed)
        self._rules_by_language: dict[str, list[Rule]] = {}

    @abstractmethod
    def make_rules(self, language: str) -> list[Rule]:
        """The rules for a language, "" for one without a profile."""

    def rules_for(self, document: Document) -> list[Rule]:
        """The rules for ``document``, by its language."""
        from samovar.data.quality.profiles import language_of

        language = self.settings.language or language_of(document.meta, document.text)
        if language not in self._rules_by_language:
            self._rules_by_language[language] = self.make_rules(language)
        return self._rules_by_language[language]

    def spared_as(self, document: Document) -> str:
        """The kind of table that ``document`` is, where such are spared; else ""."""
        if not self.settings.spare_tables:
            return ""
        from samovar.data.quality.layout import layout_of
        from samovar.data.quality.text_shape import shape_of

        return layout_of(shape_of(document.text))

    def judge(self, document: Document) -> Verdict:
        """Drop it at the first rule that it breaks."""
        from samovar.data.quality.rules import first_breach
        from samovar.data.quality.text_shape import shape_of

        breach = first_breach(self.rules_for(document), shape_of(document.text))
        if breach is None:
            return None
        return self.verdict_on(document, Dropped(breach.rule.reason, breach.detail))

    def verdict_on(self, document: Document, dropped: Dropped) -> Verdict:
        """The verdict on a document that is to go, unless it is spared or just to be marked."""
        if layout := self.spared_as(document):
            self.tally.found[SPARED][layout] += 1
            return Marked({"layout": layout})
        if self.settings.action == "drop":
            return dropped
        self.tally.found[MARKED][dropped.reason] += 1
        others = document.meta.get(MARK)
        return Marked({MARK: f"{others}; {dropped.reason}" if others else dropped.reason})
