"""What the pages say, before it is HTML or Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from samovar.data.corpus_report import CorpusReport, DropRow, FilesRow, Sizes
from samovar.data.mixture.groups import NOT_KNOWN, SOURCE
from samovar.data.report.charts import Column, Level, funnel_chart, histogram
from samovar.data.report.checks import Check, checks_of
from samovar.data.report.wording import Wording
from samovar.data.steps.step import EditedSample, Step, Table

if TYPE_CHECKING:
    from samovar.data.steps.step import StepSettings

SHOWN_GROUPS = 30
SHOWN_SAMPLES = 3
_SHOWN_FORMATS = 40


class GroupTable(NamedTuple):
    """The corpus by one of its properties."""

    title: str
    head: str
    rows: list[Sizes]
    num_more: int
    """Groups that are not shown."""
    note: str = ""


class StepPage(NamedTuple):
    """One step: what it was told, what it did, and samples of it."""

    anchor: str
    name: str
    purpose: str
    settings: list[tuple[str, str]]
    """Only what differs from the defaults."""
    step: Step
    num_dropped: int
    num_added: int
    drops: list[DropRow]
    edits: list[tuple[str, int]]
    samples: list[EditedSample]
    tables: list[Table]


class Content:
    """Everything on the pages of one report, in its language."""

    def __init__(self, report: CorpusReport) -> None:
        self.report = report
        self.t = Wording(report.lang)
        self.numbers = report.metrics()

    @property
    def title(self) -> str:
        """The name of the corpus."""
        return self.report.name or self.t("The corpus")

    @cached_property
    def checks(self) -> list[Check]:
        """What was looked for, by which step and with what result; what was not is said, too."""
        return checks_of(self.report, self.t)

    @cached_property
    def funnel_chart(self) -> str:
        """SVG: characters at every point of the way."""
        t = self.t
        levels = [
            Level(
                self.funnel_label(row.what),
                float(row.characters),
                t("{documents} documents", documents=t.brief(row.documents))
                + f" · {t.short(row.characters)} · {t.share(row.character_share)}",
            )
            for row in self.report.funnel
        ]
        return funnel_chart(t("Characters at every point of the way"), levels)

    def funnel_label(self, what: str) -> str:
        """A point of the way in the language of the report."""
        if what.startswith("after "):
            return self.t("after {step}", step=what.removeprefix("after "))
        return self.t(what)

    @cached_property
    def length_chart(self) -> str:
        """SVG: documents by length."""
        t = self.t
        columns = [Column(t.short(low), count, t.short(count)) for low, count in self.report.lengths]
        unit = t("documents by length in characters: each column from its number up to the next")
        return histogram(t("Documents by length"), unit, columns)

    @property
    def groups(self) -> list[GroupTable]:
        """Sources, languages, topics, licences and owners."""
        return list(self.groups_by.values())

    @cached_property
    def groups_by(self) -> dict[str, GroupTable]:
        """The same by what they are grouped by; topics that nobody sought are left out."""
        t = self.t
        wanted = [
            (SOURCE, "Sources", "folder", ""),
            ("language", "Languages", "language", "By the step language, else as the files themselves say."),
            ("topic", "Topics", "topic", ""),
            ("licence", "Licences", "licence", "As stated in the files or in the cards beside them; nobody checked."),
            ("owner", "Owners", "owner", "As stated in the files: a company or a holder of rights."),
        ]
        tables = {}
        for by, title, head, note in wanted:
            rows = self.report.groups(by)
            if rows and not (len(rows) == 1 and rows[0].name == NOT_KNOWN and by == "topic"):
                shown = [row._replace(name=self.shown_name(row.name)) for row in rows[:SHOWN_GROUPS]]
                tables[by] = GroupTable(
                    t(title), t(head), shown, max(0, len(rows) - SHOWN_GROUPS), t(note) if note else ""
                )
        return tables

    @cached_property
    def scripts(self) -> GroupTable:
        """The corpus by alphabet."""
        statistics = self.report.statistics
        total = sum(statistics.characters_by_script.values()) or 1
        rows = [
            Sizes(self.t(name), count, characters, characters / total)
            for name, count in statistics.documents_by_script.most_common()
            for characters in (statistics.characters_by_script[name],)
        ]
        note = self.t("By the letters of the beginning of each document; both: a fifth or more of each.")
        return GroupTable(self.t("Alphabets"), self.t("alphabet"), rows, 0, note)

    @cached_property
    def formats(self) -> list[tuple[str, int]]:
        """Files that gave documents by format."""
        return self.report.account.formats.most_common(_SHOWN_FORMATS)

    @cached_property
    def encodings(self) -> list[tuple[str, int]]:
        """Files that gave documents by encoding."""
        return self.report.account.encodings.most_common(_SHOWN_FORMATS)

    @cached_property
    def steps(self) -> list[StepPage]:
        """The steps in their order."""
        report = self.report
        samples = dict(report.edits)
        # The funnel begins with what was read.
        rows = zip(report.step_names, report.steps, self._asked(), report.funnel[1:], strict=False)
        return [
            StepPage(
                anchor_of(name),
                name,
                self.t.purpose(step.name, purpose_of(step)),
                changed_settings(asked),
                step,
                row.dropped,
                row.added,
                [drop for drop in report.drops if drop.step == name],
                step.tally.edits.most_common(),
                samples.get(name, []),
                report.tables_of(step),
            )
            for name, step, asked, row in rows
        ]

    def _asked(self) -> Iterator[StepSettings]:
        """The settings of every step as the recipe has them: paths as they were written, and no file of our own."""
        left = list(self.report.settings.steps) if self.report.settings is not None else []
        for step in self.report.steps:
            yield left.pop(0) if left and left[0].step == step.name else step.settings

    @property
    def unread(self) -> list[FilesRow]:
        """Files that gave nothing."""
        return self.report.unread

    def shown_name(self, name: str) -> str:
        """A group's name without personal data; what stands for no name is translated."""
        return self.t(name) if name in {NOT_KNOWN, "(other)", "no topic"} else self.report.mask(name)


def anchor_of(name: str) -> str:
    """The place of a step on the page."""
    return "step-" + re.sub(r"[^a-z0-9]+", "-", name.lower())


def purpose_of(step: Step) -> str:
    """What the step is for: the first line of its settings' docstring."""
    lines = (step.settings_class.__doc__ or "").strip().splitlines()
    return lines[0].replace("`", "") if lines else ""


def changed_settings(settings: StepSettings | Any) -> list[tuple[str, str]]:
    """Settings that are not at their defaults; of own words and patterns, which are confidential, just the number."""
    changed = settings.model_dump(mode="json", exclude_defaults=True)
    changed.pop("step", None)
    if own := changed.get("own"):
        changed["own"] = f"({len(own)})"
    return [(name, _shown_value(value)) for name, value in changed.items()]


def _shown_value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_shown_value(one)}" for key, one in value.items()) or "{}"
    if isinstance(value, list):
        return ", ".join(_shown_value(one) for one in value) or "[]"
    return "yes" if value is True else "no" if value is False else str(value)
