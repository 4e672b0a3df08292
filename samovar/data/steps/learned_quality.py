"""Quality as somebody showed it: a small classifier learns from good and bad examples and judges every document."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field

from samovar.data.document import Document
from samovar.data.quality.extremes import highest, offer_highest
from samovar.data.samples import shown
from samovar.data.steps.step import Dropped, Marked, Step, StepSettings, Table, Verdict

if TYPE_CHECKING:
    from samovar.data.classify.classifier import TextClassifier
    from samovar.data.classify.training import Example
    from samovar.data.quality.rules import Rule

_GOOD = "good"
_BAD = "bad"
_PROBABILITIES = "probability of being good"
_BEST, _WORST, _NEAR = "most surely good", "most surely bad", "nearest to the threshold"
_PARTING = "\x00"
_SHOWN_CHARACTERS = 300
_BINS = 20


class LearnedQualitySettings(StepSettings):
    """Learns from good and bad examples how good a document is, and notes it or drops the bad; without examples: rests.

    Ten examples of each kind are the least, a few hundred are a good beginning. What the examples differ in is learnt,
    whatever it is: good ones of one topic and bad ones of another teach the topic.
    """

    step: Literal["learned_quality"] = "learned_quality"
    """Name of the step."""
    good: list[str] = []
    """Files or folders with good examples, in any format that Samovar reads; paths from the project's folder."""
    bad: list[str] = []
    """Files or folders with bad examples."""
    labels: list[str] = []
    """Files of JSON Lines, CSV or TSV with a text and a label in every row, marked by a person or a judge."""
    text_field: str = ""
    """Field of the text in `labels`, where it is not text, content or body."""
    label_field: str = "label"
    """Field of the label in `labels`."""
    good_labels: list[str] = ["good", "1", "true", "True", "yes"]
    """Labels that mean good; every other label means bad."""
    min_probability: float = Field(0.5, ge=0, le=1)
    """Documents that are good with a lower probability are bad; the report shows precision and recall by threshold."""
    action: Literal["annotate", "drop"] = "annotate"
    """annotate: every document stays with its probability in the meta; drop: bad ones leave."""
    show: int = Field(5, ge=0, le=50)
    """Documents shown in the report that are surely good, surely bad, and near the threshold, so many of each."""

    def below(self, root: Path) -> Self:
        """The same with the paths of the examples taken from ``root``."""
        named = {name: [str(root / path) for path in getattr(self, name)] for name in ("good", "bad", "labels")}
        return self.model_copy(update=named)

    def files(self) -> list[Path]:
        """The files of examples, those in folders too."""
        from samovar.data.classify.examples import example_files

        return example_files([*self.good, *self.bad, *self.labels])


class LearnedQuality(Step):
    """Notes the probability of being good as ``learned_quality`` in the meta.

    The classifier is trained when the first document comes, which takes a second for a thousand examples; it is kept in
    the step's folder, where other workers and the report find it. Workers that begin together each train it, which
    gives each the same. Memory: the examples and about 1.5 kilobytes for each while it is trained, then 10 MB.
    """

    settings_class = LearnedQualitySettings

    @property
    def has_examples(self) -> bool:
        """Whether there is anything to learn from."""
        return bool(self.settings.good or self.settings.bad or self.settings.labels)

    @cached_property
    def classifier(self) -> TextClassifier:
        """What was learnt.

        Raises:
            MissingError: a file of examples does not exist.
            DataError: there are too few examples.
        """
        from samovar.data.classify.kept import kept_or_trained

        wanted = self.settings
        return kept_or_trained(
            self.working_folder(),
            [wanted.model_dump(mode="json"), self._seed],
            [*wanted.good, *wanted.bad, *wanted.labels],
            self._train,
        )

    def judge(self, document: Document) -> Verdict:
        """Mark it with its probability, or drop it."""
        if not self.has_examples:
            return None
        probability = self.classifier.probabilities(document.text)[_GOOD]
        self._count(document, probability)
        if self.settings.action == "drop" and probability < self.settings.min_probability:
            return Dropped(
                "unlike the good examples",
                f"good with probability {probability:.2f}; at least {self.settings.min_probability:g} wanted",
            )
        return Marked({"learned_quality": f"{probability:.3f}"})

    def rules_for(self, document: Document) -> list[Rule]:
        """The rule that a document keeps or breaks, for the preview."""
        if not self.has_examples:
            return []
        from samovar.data.quality.rules import Rule

        return [
            Rule(
                "min_probability",
                lambda shape: self.classifier.probabilities(shape.text)[_GOOD],
                "at least",
                self.settings.min_probability,
                "unlike the good examples",
            )
        ]

    def tables(self) -> list[Table]:
        """How good the filter is, the histogram of probabilities, and the best, worst and doubtful documents."""
        if not self.has_examples:
            return [
                Table("learned quality", ("",), [("No examples are named in good, bad or labels: nothing judged.",)])
            ]
        counts = self.tally.found[_PROBABILITIES]
        total = sum(counts.values())
        if not total:
            return []
        from samovar.data.classify.tables import classifier_tables

        bins: list[tuple[str, ...]] = []
        below = 0
        for place in range(_BINS):
            count = counts[str(place)]
            below += count
            bins.append((f"{place / _BINS:.2f} to {(place + 1) / _BINS:.2f}", f"{count:,}", f"{below / total:.1%}"))
        note = "The last column: what a threshold at the upper end would lose."
        tables = [
            *classifier_tables(self.classifier),
            Table(_PROBABILITIES, ("probability", "documents", "up to here"), bins, note),
        ]
        return tables + [self._extremes_table(title) for title in (_BEST, _NEAR, _WORST)]

    def most_of(self, title: str) -> int | None:
        """As many of the best, of the worst and of the doubtful as are shown."""
        return self.settings.show if title in (_BEST, _WORST, _NEAR) else None

    def _train(self) -> TextClassifier:
        from samovar.data.classify.training import train

        return train(self._examples(), [_GOOD], seed=self._seed)

    def _examples(self) -> list[Example]:
        from samovar.data.classify.examples import document_examples, labelled_examples

        wanted = self.settings
        examples = [*document_examples(wanted.good, _GOOD), *document_examples(wanted.bad, _BAD)]
        rows = labelled_examples(wanted.labels, text_field=wanted.text_field, label_field=wanted.label_field)
        good = frozenset(wanted.good_labels)
        return examples + [row._replace(label=_GOOD if row.label in good else _BAD) for row in rows]

    def _count(self, document: Document, probability: float) -> None:
        found = self.tally.found
        found[_PROBABILITIES][str(min(_BINS - 1, int(probability * _BINS)))] += 1

        def sample() -> str:
            text = shown(document.text, limit=_SHOWN_CHARACTERS)
            return _PARTING.join((f"{probability:.3f}", document.id, text))

        distance = abs(probability - self.settings.min_probability)
        for title, value in ((_BEST, probability), (_WORST, -probability), (_NEAR, -distance)):
            offer_highest(found[title], value, self.settings.show, sample)

    def _extremes_table(self, title: str) -> Table:
        rows: list[tuple[str, ...]] = [
            tuple(entry.split(_PARTING, 2)) for entry in highest(self.tally.found[title], self.settings.show)
        ]
        return Table(title, ("probability", "document", "text"), rows)
