"""How much a document reads like a textbook: a score of features that can be looked at one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from samovar.data.document import Document
from samovar.data.quality.extremes import highest, offer_highest
from samovar.data.samples import shown
from samovar.data.steps.step import Dropped, Marked, Step, StepSettings, Table, Verdict

if TYPE_CHECKING:
    from samovar.data.quality.rules import Rule

_SCORES, _POINTS = "textbook scores", "textbook points"
_BEST, _WORST = "most like a textbook", "least like a textbook"
_PARTING = "\x00"
_SHOWN_CHARACTERS = 300
_SHOWN_PARTS = 4


class TextbookSettings(StepSettings):
    """Scores how much a document reads like a textbook, from 0 to 10; drops none unless asked."""

    step: Literal["textbook"] = "textbook"
    """Name of the step."""
    min_score: float = Field(0.0, ge=0, le=10)
    """Documents with a lower score are dropped; 0 keeps all and only notes the score."""
    show: int = Field(5, ge=0, le=50)
    """Best and worst documents shown in the report, so many of each."""


class Textbook(Step):
    """Notes the score as ``textbook`` in the meta. It remembers the best and the worst documents, a few of each.

    The features and their weights stand in one table, in ``samovar/data/quality/textbook_features.py``.
    """

    settings_class = TextbookSettings

    def judge(self, document: Document) -> Verdict:
        """Mark it with its score."""
        from samovar.data.quality.text_shape import shape_of
        from samovar.data.quality.textbook_features import feature_values, score_parts, textbook_score

        parts = score_parts(feature_values(shape_of(document.text)))
        score = textbook_score(parts)
        strongest = sorted(parts.items(), key=lambda item: -abs(item[1]))[:_SHOWN_PARTS]
        why = ", ".join(f"{name} {points:+.1f}" for name, points in strongest)
        self._count(document, parts, score, why)
        if score < self.settings.min_score:
            return Dropped(
                "little like a textbook", f"score {score:.1f}; at least {self.settings.min_score} wanted; {why}"
            )
        return Marked({"textbook": f"{score:.1f}"})

    def rules_for(self, document: Document) -> list[Rule]:
        """The rule that a document keeps or breaks, for the preview."""
        from samovar.data.quality.rules import Rule
        from samovar.data.quality.textbook_features import feature_values, score_parts, textbook_score

        return [
            Rule(
                "min_score",
                lambda shape: textbook_score(score_parts(feature_values(shape))),
                "at least",
                self.settings.min_score,
                "little like a textbook",
            )
        ]

    def tables(self) -> list[Table]:
        """The histogram of scores, the mean points of each feature, and the best and the worst documents."""
        scores = self.tally.found[_SCORES]
        total = sum(scores.values())
        if not total:
            return []
        bins: list[tuple[str, ...]] = [
            (f"{low} to {low + 1}", f"{scores[str(low)]:,}", f"{scores[str(low)] / total:.1%}") for low in range(10)
        ]
        means: list[tuple[str, ...]] = [
            (name, f"{points / 100 / total:+.2f}") for name, points in sorted(self.tally.found[_POINTS].items())
        ]
        tables = [
            Table(_SCORES, ("score", "documents", "share"), bins, "From 0 to 10; a judgement of style, not of truth."),
            Table("what made the textbook scores", ("feature", "mean points"), means),
        ]
        return tables + [self._extremes_table(title) for title in (_BEST, _WORST)]

    def most_of(self, title: str) -> int | None:
        """As many of the best and of the worst as are shown."""
        return self.settings.show if title in (_BEST, _WORST) else None

    def _count(self, document: Document, parts: dict[str, float], score: float, why: str) -> None:
        found = self.tally.found
        found[_SCORES][str(min(9, int(score)))] += 1
        found[_POINTS].update({name: round(100 * points) for name, points in parts.items()})

        def sample() -> str:
            text = shown(document.text, limit=_SHOWN_CHARACTERS)
            return _PARTING.join((f"{score:.1f}", document.id, why, text))

        offer_highest(found[_BEST], sum(parts.values()), self.settings.show, sample)
        offer_highest(found[_WORST], -sum(parts.values()), self.settings.show, sample)

    def _extremes_table(self, title: str) -> Table:
        rows: list[tuple[str, ...]] = [
            tuple(entry.split(_PARTING, 3)) for entry in highest(self.tally.found[title], self.settings.show)
        ]
        return Table(title, ("score", "document", "why", "text"), rows)
