"""What the data stage did, on one page: as metrics, as Markdown and as HTML."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from samovar.core.files import write_atomic
from samovar.data.account import SHOWN_FILES_A_REASON, ReadingAccount
from samovar.data.corpus_writer import SplitCounts
from samovar.data.steps.step import DroppedSample, EditedSample, Step
from samovar.data.text_statistics import TextStatistics

SHOWN_SAMPLES = 3


class FunnelRow(NamedTuple):
    """The corpus at one point of its way."""

    what: str
    documents: int
    characters: int
    dropped: int
    edited: int
    share: float


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


@dataclass
class CorpusReport:
    """Everything the reports show; holds counts and bounded samples only."""

    account: ReadingAccount
    steps: list[Step]
    statistics: TextStatistics
    written: SplitCounts

    @cached_property
    def funnel(self) -> list[FunnelRow]:
        """Documents and characters as read, after every step, and as written."""
        read = self.account.documents
        rows = [FunnelRow("as read", read, self.account.characters, 0, 0, 1.0)]
        for step in self.steps:
            dropped = step.tally.documents_in - step.tally.documents_out
            share = step.tally.documents_out / read if read else 0.0
            rows.append(
                FunnelRow(
                    f"after {step.name}",
                    step.tally.documents_out,
                    step.tally.characters_out,
                    dropped,
                    step.tally.num_edited,
                    share,
                )
            )
        return rows

    @cached_property
    def drops(self) -> list[DropRow]:
        """Reasons in the order of the steps, the most frequent first."""
        return [
            DropRow(step.name, reason, count, step.tally.dropped_samples[reason].items)
            for step in self.steps
            for reason, count in step.tally.dropped.most_common()
        ]

    @cached_property
    def edits(self) -> list[tuple[str, list[EditedSample]]]:
        """Samples of edited places by step."""
        return [(step.name, step.tally.edited_samples.items) for step in self.steps if step.tally.edited_samples.items]

    @cached_property
    def masked(self) -> dict[str, int]:
        """Masked personal data by kind."""
        return {kind: count for step in self.steps for kind, count in step.tally.edits.most_common()}

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

    def metrics(self) -> dict[str, Any]:
        """The numbers for the manifest."""
        written = self.written
        return {
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


def write_reports(report: CorpusReport, out: Path) -> None:
    """Write ``report.md`` and ``report.html`` into ``out``."""
    write_atomic(out / "report.md", markdown(report))
    write_atomic(out / "report.html", html(report))


def html(report: CorpusReport) -> str:
    """The report as one page without scripts or outside parts."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("samovar.data", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["number"] = number
    template = environment.get_template("corpus.html")
    return template.render(report=report, shown_samples=SHOWN_SAMPLES, shown_files=SHOWN_FILES_A_REASON)


def markdown(report: CorpusReport) -> str:
    """The report as Markdown tables."""
    parts = [
        "# The corpus",
        _summary(report),
        "## From files to text",
        _table(
            ("", "documents", "characters", "dropped", "edited", "of all read"),
            [
                (f"{report.account.num_files:,} files", "", "", "", "", ""),
                *((*_numbers(row[:5]), f"{row.share:.1%}") for row in report.funnel),
            ],
        ),
    ]
    if report.drops:
        parts += ["## Dropped", _table(("step", "reason", "documents"), [_numbers(row[:3]) for row in report.drops])]
        parts += [_drop_samples(row) for row in report.drops]
    if report.masked:
        parts += [
            "## Masked personal data",
            _table(("kind", "places"), [_numbers(row) for row in report.masked.items()]),
        ]
    parts += ["## Alphabets", _table(("alphabet", "documents", "characters"), _scripts(report))]
    parts += [
        "## Lengths",
        _table(("characters", "documents"), [(f"from {low:,}", f"{n:,}") for low, n in report.lengths]),
    ]
    for title, rows in (("## Files that gave nothing", report.unread), ("## Problems inside files", report.problems)):
        if rows:
            parts += [title, _table(("reason", "count", "where"), [_files_row(row) for row in rows])]
    return "\n\n".join(part for part in parts if part) + "\n"


def number(value: int) -> str:
    """1234567 -> '1,234,567'."""
    return f"{value:,}"


def _summary(report: CorpusReport) -> str:
    metrics = report.metrics()
    return (
        f"{metrics['files']:,} files seen, {metrics['files_without_documents']:,} of them gave nothing. "
        f"{metrics['documents_read']:,} documents read, {metrics['documents']:,} kept: "
        f"{metrics['train_documents']:,} to train on ({metrics['train_characters']:,} characters), "
        f"{metrics['validation_documents']:,} for validation ({metrics['validation_characters']:,} characters). "
        "Every file is a row of `files.jsonl`; samples of what was dropped are in `dropped.jsonl`."
    )


def _scripts(report: CorpusReport) -> list[tuple[str, ...]]:
    statistics = report.statistics
    rows = statistics.documents_by_script.most_common()
    return [_numbers((script, count, statistics.characters_by_script[script])) for script, count in rows]


def _drop_samples(row: DropRow) -> str:
    lines = [f"Dropped by {row.step} ({row.reason}), for example:"]
    for sample in row.samples[:SHOWN_SAMPLES]:
        detail = f" ({sample.detail})" if sample.detail else ""
        text = " ".join(sample.text.split())[:200].replace("`", "'")
        lines.append(f"- `{sample.id}`{detail}: `{text}`" if text else f"- `{sample.id}`{detail}")
    return "\n".join(lines)


def _files_row(row: FilesRow) -> tuple[str, ...]:
    shown = ", ".join(f"`{name}`" for name in row.files)
    return row.reason, number(row.num_met), shown + (" …" if row.num_met > len(row.files) else "")


def _numbers(row: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(number(value) if isinstance(value, int) else str(value) for value in row)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
