"""Obscene, insulting and hateful texts, Russian and English: noted, masked, or a reason to leave a document out."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field

from samovar.data.document import Document
from samovar.data.steps.step import Dropped, Edited, Marked, Step, StepSettings, Table, Verdict
from samovar.data.toxicity.word_list import LEVELS, Level

if TYPE_CHECKING:
    from samovar.data.classify.classifier import TextClassifier
    from samovar.data.toxicity.verdicts import LevelResult

Action = Literal["annotate", "mask", "drop"]


class ToxicitySettings(StepSettings):
    """Finds obscene, insulting and hateful words and, trained by a file with labels, texts; notes, masks or drops them.

    A word that is listed is found in any grammatical form and under common disguises. Annotate is the default for every
    level: fiction, news and support letters hold such words too, and what is silently removed is nowhere seen.
    """

    step: Literal["toxicity"] = "toxicity"
    """Name of the step."""
    actions: dict[Level, Action] = {}
    """What becomes of each level (obscene, insult, hate): annotate, the default; mask: its words become [obscene] and
    the like; drop: toxic documents leave."""
    max_per_thousand: dict[Level, float] = {}
    """Words of a level in a thousand words, from which on a document is toxic: obscene 5, insult 10, hate 1 unless set.
    Documents of under 100 words count as if they had 100."""
    own: dict[Level, list[str]] = {}
    """Your own words by level; `*` stands for any letters, `(а|б)` for one of them, `_` for a gap between words."""
    allow: list[str] = []
    """Words that never count, in the same notation."""
    labels: list[str] = []
    """Files of JSON Lines, CSV or TSV with a text and a label in every row, from which a filter is learnt; paths
    from the project's folder."""
    text_field: str = ""
    """Field of the text in `labels`, where it is not text, content or body."""
    label_field: str = "label"
    """Field of the label in `labels`."""
    label_levels: dict[str, Level] = {}
    """What labels mean: {offensive: insult, hate_speech: hate}. A label not named here, nor itself called by a level,
    is a clean one."""
    min_probability: dict[Level, float] = {}
    """Probability by the learned filter from which on a piece of text has the level; 0.5 unless set."""
    min_share: float = Field(0.2, gt=0, le=1)
    """Share of a document's characters in such pieces from which on the document is toxic."""

    def below(self, root: Path) -> Self:
        """The same with the paths of the labelled files taken from ``root``."""
        return self.model_copy(update={"labels": [str(root / path) for path in self.labels]})

    def files(self) -> list[Path]:
        """The labelled files."""
        return [Path(path) for path in self.labels]


class Toxicity(Step):
    """Notes what was found as ``toxicity`` and, for documents beyond the thresholds, the levels as ``toxic``.

    The filter is trained when the first document comes, seconds for some ten thousand examples, and kept in the step's
    folder, where other workers and the report find it. Memory: 10 MB for the lists, 4 MB a level for the filter, and
    the examples while it is trained.
    """

    settings_class = ToxicitySettings
    may_show_before = False

    def __init__(self, settings: ToxicitySettings, *, seed: int = 0) -> None:
        from samovar.data.toxicity.finder import ToxicityFinder
        from samovar.data.toxicity.verdicts import limits_of

        super().__init__(settings, seed=seed)
        self._finder = ToxicityFinder(own=settings.own, allowed=settings.allow)
        self._limits = limits_of(settings.max_per_thousand, settings.min_probability, settings.min_share)
        self._masked = frozenset(level for level in LEVELS if settings.actions.get(level) == "mask")

    @cached_property
    def classifier(self) -> TextClassifier | None:
        """The learned filter; None where there are no labelled files.

        Raises:
            MissingError: a file does not exist.
            ConfigError: no label is a level.
            DataError: there are too few examples.
        """
        wanted = self.settings
        if not wanted.labels:
            return None
        from samovar.data.classify.kept import kept_or_trained
        from samovar.data.toxicity.learned import train_filter

        def train() -> TextClassifier:
            return train_filter(
                wanted.labels,
                wanted.label_levels,
                text_field=wanted.text_field,
                label_field=wanted.label_field,
                seed=self._seed,
            )

        known = [wanted.label_levels, wanted.text_field, wanted.label_field, self._seed]
        return kept_or_trained(self.working_folder(), known, wanted.labels, train)

    def judge(self, document: Document) -> Verdict:
        """Mark, mask or drop it."""
        from samovar.data.toxicity.learned import judge_pieces
        from samovar.data.toxicity.report import count
        from samovar.data.toxicity.verdicts import level_results, masked

        findings = self._finder.find(document.text)
        judged = list(judge_pieces(self.classifier, document.text)) if self.classifier else []
        if not findings and not judged:
            return None
        results = level_results(document.text, findings, judged, self._limits)
        count(self.tally.found, document, findings, judged, results)
        toxic = [level for level in LEVELS if results[level].is_toxic]
        for level in toxic:
            if self.settings.actions.get(level) == "drop":
                return Dropped(f"toxic: {level}", _detail(results[level]))
        meta = _meta(results, toxic)
        if not any(finding.level in self._masked for finding in findings):
            return Marked(meta) if meta else None
        counts: dict[str, int] = {one.level: results[one.level].places for one in findings if one.level in self._masked}
        return Edited(masked(document.text, findings, self._masked), counts, meta)

    def tables(self) -> list[Table]:
        """What was found by level, what each threshold would call toxic, with examples, and the filter's quality."""
        from samovar.data.toxicity.report import tables

        return tables(self.tally.found, self.classifier, self._limits)

    def most_of(self, title: str) -> int | None:
        """As many examples as are shown."""
        from samovar.data.toxicity.report import most_of

        return most_of(title)

    def _drop(self, document: Document, verdict: Dropped) -> None:
        from samovar.data.toxicity.verdicts import starred

        text = starred(document.text, self._finder.find(document.text))
        super()._drop(replace(document, text=text), verdict)


def _meta(results: dict[Level, LevelResult], toxic: list[Level]) -> dict[str, str]:
    meta = {}
    if places := " ".join(f"{level}:{result.places}" for level, result in results.items() if result.places):
        meta["toxicity"] = places
    if learned := " ".join(f"{level}:{one.probability:.2f}" for level, one in results.items() if one.probability):
        meta["toxicity_learned"] = learned
    if toxic:
        meta["toxic"] = " ".join(toxic)
    return meta


def _detail(result: LevelResult) -> str:
    words = f"{result.places} listed words, {result.per_thousand:.1f} in a thousand"
    return f"{words}; highest probability {result.probability:.2f}" if result.probability else words
