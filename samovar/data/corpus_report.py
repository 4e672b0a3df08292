"""What the data stage did: as metrics, as a page, as Markdown, and as the card of a data set."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from samovar.core.files import write_atomic, write_json_lines
from samovar.data.account import ReadingAccount
from samovar.data.corpus_writer import SplitCounts
from samovar.data.mixture.groups import NOT_KNOWN, SOURCE, folder_groups
from samovar.data.report.masking import Mask, report_mask
from samovar.data.steps.step import DroppedSample, EditedSample, Step, Table
from samovar.data.text_statistics import TextStatistics

if TYPE_CHECKING:
    from samovar.data.settings import DataSettings

CARD = "README.md"


class FunnelRow(NamedTuple):
    """The corpus at one point of its way."""

    what: str
    documents: int
    characters: int
    dropped: int
    edited: int
    share: float
    """Of the documents read."""
    added: int = 0
    """Second and later copies of documents that repeat."""
    character_share: float = 1.0
    """Of the characters read."""


class DropRow(NamedTuple):
    """One reason to drop, with some of what was dropped for it."""

    step: str
    reason: str
    documents: int
    samples: list[DroppedSample]


class FilesRow(NamedTuple):
    """One reason why files gave nothing, or one problem met in files that gave something."""

    reason: str
    num_met: int
    files: list[str]


class Sizes(NamedTuple):
    """A group of documents of the corpus."""

    name: str
    documents: int
    characters: int
    share: float
    """Of the characters."""


@dataclass
class CorpusReport:
    """Everything the reports show; holds counts and bounded samples only."""

    account: ReadingAccount
    steps: list[Step]
    statistics: TextStatistics
    written: SplitCounts
    lang: str = field(default="en", kw_only=True)
    """Language of the pages: en or ru."""
    name: str = field(default="", kw_only=True)
    """Of the corpus."""
    settings: DataSettings | None = field(default=None, kw_only=True)
    """What the stage was told; without them the pages cannot say which sources were asked for."""
    tokens: int | None = field(default=None, kw_only=True)
    """Tokens of the training part, where a tokenizer has seen it."""

    @cached_property
    def mask(self) -> Mask:
        """Takes personal data out of a text that is to be shown."""
        return report_mask(self.steps)

    @cached_property
    def step_names(self) -> list[str]:
        """The steps in their order; one that runs again has a number behind its name."""
        names: list[str] = []
        for step in self.steps:
            times = sum(before.name == step.name for before in self.steps[: len(names)])
            names.append(f"{step.name} {times + 1}" if times else step.name)
        return names

    @cached_property
    def funnel(self) -> list[FunnelRow]:
        """Documents and characters as read, after every step, and as written where that differs."""
        read, characters = self.account.documents, self.account.characters

        def row(what: str, documents: int, of_characters: int, dropped: int, edited: int, added: int = 0) -> FunnelRow:
            share = documents / read if read else 0.0
            character_share = of_characters / characters if characters else 0.0
            return FunnelRow(what, documents, of_characters, dropped, edited, share, added, character_share)

        rows = [row("as read", read, characters, 0, 0)]
        for name, tally in zip(self.step_names, (step.tally for step in self.steps), strict=True):
            dropped = sum(tally.dropped.values())
            added = max(0, tally.documents_out - tally.documents_in + dropped)
            rows.append(
                row(f"after {name}", tally.documents_out, tally.characters_out, dropped, tally.num_edited, added)
            )
        if (self.written.documents, self.written.characters) != (rows[-1].documents, rows[-1].characters):
            left = max(0, rows[-1].documents - self.written.documents)
            rows.append(row("as written", self.written.documents, self.written.characters, left, 0))
        return rows

    @cached_property
    def drops(self) -> list[DropRow]:
        """Reasons in the order of the steps, the most frequent first; samples have no personal data."""
        return [
            DropRow(name, reason, count, [self._masked_drop(sample) for sample in self._samples(step, reason)])
            for name, step in zip(self.step_names, self.steps, strict=True)
            for reason, count in step.tally.dropped.most_common()
        ]

    @cached_property
    def edits(self) -> list[tuple[str, list[EditedSample]]]:
        """Samples of edited places by step, without personal data."""
        return [
            (name, [self._masked_edit(sample) for sample in step.tally.edited_samples.items])
            for name, step in zip(self.step_names, self.steps, strict=True)
            if step.tally.edited_samples.items
        ]

    @cached_property
    def masked(self) -> dict[str, int]:
        """Personal data that was masked or given stand-ins, by kind."""
        counts: dict[str, int] = {}
        for step in self.steps:
            if step.name == "redact":
                for kind, count in step.tally.edits.most_common():
                    counts[kind] = counts.get(kind, 0) + count
        return counts

    @cached_property
    def unread(self) -> list[FilesRow]:
        """Files without documents by reason."""
        names = self.account.files_by_reason
        return [FilesRow(reason, count, names[reason]) for reason, count in self.account.reasons.most_common()]

    @cached_property
    def problems(self) -> list[FilesRow]:
        """Problems inside files that gave documents."""
        names = self.account.files_by_note
        return [FilesRow(note, count, names[note]) for note, count in self.account.notes.most_common()]

    @cached_property
    def lengths(self) -> list[tuple[int, int]]:
        """(least length, documents) for every power of two between the shortest and the longest document."""
        counts = self.statistics.documents_by_length_bits
        if not counts:
            return []
        return [(1 << max(0, bits - 1), counts[bits]) for bits in range(min(counts), max(counts) + 1)]

    def groups(self, by: str) -> list[Sizes]:
        """The corpus by one of ``GROUPED_BY``, the largest first."""
        sizes = self.statistics.groups[by]
        names = folder_groups(sizes.documents) if by == SOURCE else {name: name for name in sizes.documents}
        documents: dict[str, int] = {}
        characters: dict[str, int] = {}
        for key, name in names.items():
            documents[name] = documents.get(name, 0) + sizes.documents[key]
            characters[name] = characters.get(name, 0) + sizes.characters[key]
        total = sum(characters.values()) or 1
        rows = [Sizes(name, documents[name], characters[name], characters[name] / total) for name in documents]
        return sorted(rows, key=lambda row: (-row.characters, row.name))

    def known_share(self, by: str) -> float:
        """The share of the characters of which the language, licence or owner is known."""
        return 1.0 - sum(row.share for row in self.groups(by) if row.name == NOT_KNOWN) if self.groups(by) else 0.0

    def metrics(self) -> dict[str, Any]:
        """The numbers for the manifest."""
        written = self.written
        numbers: dict[str, Any] = {
            "files": self.account.num_files,
            "files_without_documents": sum(self.account.reasons.values()),
            "documents_read": self.account.documents,
            "characters_read": self.account.characters,
            "documents": written.documents,
            "characters": written.characters,
            "train_documents": written.documents_by_split["train"],
            "train_characters": written.characters_by_split["train"],
            "validation_documents": written.documents_by_split["validation"],
            "validation_characters": written.characters_by_split["validation"],
            "dropped": {f"{row.step}: {row.reason}": row.documents for row in self.drops},
            "masked": dict(self.masked),
            "scripts": dict(self.statistics.documents_by_script.most_common()),
        }
        for name, step in zip(self.step_names, self.steps, strict=True):
            if found := step.metrics():
                numbers[name] = found
        return numbers

    def dropped_rows(self) -> list[dict[str, Any]]:
        """The rows of ``dropped.jsonl``: every kept sample of what was dropped, without personal data."""
        return [
            {"step": row.step, "reason": row.reason, **sample._asdict()} for row in self.drops for sample in row.samples
        ]

    def tables_of(self, step: Step) -> list[Table]:
        """The tables of a step, without personal data."""
        from samovar.data.report.masking import masked_cell

        return [
            table._replace(rows=[tuple(masked_cell(self.mask, cell) for cell in row) for row in table.rows])
            for table in step.tables()
        ]

    def _samples(self, step: Step, reason: str) -> list[DroppedSample]:
        samples = step.tally.dropped_samples.get(reason)
        return samples.items if samples is not None else []

    def _masked_drop(self, sample: DroppedSample) -> DroppedSample:
        return sample._replace(text=self.mask(sample.text), detail=self.mask(sample.detail))

    def _masked_edit(self, sample: EditedSample) -> EditedSample:
        return sample._replace(before=self.mask(sample.before), after=self.mask(sample.after))


def write_reports(report: CorpusReport, out: Path) -> None:
    """Write the samples, ``report.md``, ``report.html`` and the data set's card ``README.md`` into ``out``."""
    from samovar.data.report.dataset_card import dataset_card
    from samovar.data.report.pages import html, markdown

    edited_rows = [{"step": step, **one._asdict()} for step, edits in report.edits for one in edits]
    write_json_lines(out / "dropped.jsonl", report.dropped_rows())
    write_json_lines(out / "edited.jsonl", edited_rows)
    write_atomic(out / "report.md", markdown(report))
    write_atomic(out / "report.html", html(report))
    write_atomic(out / CARD, dataset_card(report))
