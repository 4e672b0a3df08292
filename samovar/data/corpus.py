"""Documents read, cleaned, parted and written: the data stage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from samovar.core.artifact import SCRATCH
from samovar.core.errors import CorruptError, DataError, MissingError
from samovar.core.files import fingerprint, naming_os_errors, write_atomic
from samovar.core.progress import Progress
from samovar.data.account import ReadingAccount, reading_account
from samovar.data.corpus_report import CorpusReport, write_reports
from samovar.data.corpus_writer import CorpusWriter
from samovar.data.document import Document
from samovar.data.settings import DataSettings
from samovar.data.sources import make_sources
from samovar.data.steps import make_step
from samovar.data.steps.step import Step
from samovar.data.text_statistics import TextStatistics

_BATCH_DOCUMENTS = 256


def build_corpus(settings: DataSettings, *, root: Path, out: Path, progress_quiet: bool = False) -> dict[str, Any]:
    """Read the sources below ``root``, clean them, and write the corpus and its report into ``out``; give the metrics.

    Writes ``train-*.parquet`` and ``validation-*.parquet`` (columns id, text, source, meta), ``files.jsonl`` (a row a
    file), ``dropped.jsonl`` (a sample by reason), ``report.md`` and ``report.html``. Holds one document, one row group
    and what the steps remember.

    Raises:
        MissingError: a source does not exist.
        DataError: no document came through; says what was seen and why it gave nothing.
        ResourceError: ``out`` cannot be written.
    """
    with naming_os_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    sources = make_sources(settings, root)
    steps = [make_step(step, seed=settings.seed) for step in settings.steps]
    for number, step in enumerate(steps):
        step.scratch = out / SCRATCH / f"{number}-{step.name}"
    statistics = TextStatistics()
    with (
        reading_account(out / "files.jsonl") as account,
        CorpusWriter(out, validation_share=settings.validation_share, seed=settings.seed) as writer,
        Progress("data", unit="characters", is_quiet=progress_quiet) as progress,
    ):
        documents: Iterator[Document] = (document for source in sources for document in source.documents(account))
        documents = _shown(documents, progress)
        for step in steps:
            documents = step(documents)
        for document in documents:
            statistics.add(document.text)
            writer.add(document)
        writer.finish()
    report = CorpusReport(account, steps, statistics, writer.counts)
    _write_dropped(out / "dropped.jsonl", steps)
    write_reports(report, out)
    if not writer.counts.documents:
        raise _empty_corpus(settings, account, steps, out)
    return report.metrics()


def read_corpus(folder: Path, split: str = "train") -> Iterator[Document]:
    """The documents of a corpus in their order, a row group at a time.

    Raises:
        MissingError: there is no such split in ``folder``.
        CorruptError: one of its files is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    paths = sorted(folder.glob(f"{split}-*.parquet"))
    if not paths:
        raise MissingError(f"{folder} holds no {split} corpus", hint="make it with `samovar data`")
    for path in paths:
        try:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(_BATCH_DOCUMENTS):
                    for row in batch.to_pylist():
                        yield Document(row["id"], row["text"], row["source"], json.loads(row["meta"]))
        except (pa.ArrowException, OSError, KeyError, ValueError) as error:
            raise CorruptError(f"{path} is damaged: {error}", hint="make the corpus again") from error


def source_fingerprint(settings: DataSettings, root: Path) -> str:
    """A hash that changes when the documents may have: names, sizes and times, not contents.

    Raises:
        MissingError: a source does not exist.
    """
    return fingerprint([source.fingerprint() for source in make_sources(settings, root)])


def _shown(documents: Iterator[Document], progress: Progress) -> Iterator[Document]:
    for document in documents:
        progress.advance(len(document.text))
        yield document


def _write_dropped(path: Path, steps: list[Step]) -> None:
    rows = [
        {"step": step.name, "reason": reason, **sample._asdict()}
        for step in steps
        for reason, samples in step.tally.dropped_samples.items()
        for sample in samples.items
    ]
    write_atomic(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def _empty_corpus(settings: DataSettings, account: ReadingAccount, steps: list[Step], out: Path) -> DataError:
    where = ", ".join(source.label for source in settings.sources)
    dropped = [
        f"{reason} ({step.name}): {count} documents" for step in steps for reason, count in step.tally.dropped.items()
    ]
    lines = [f"no text for a corpus in {where}: {account.num_files} files seen"]
    lines += ([account.why_empty()] if account.reasons else []) + dropped
    return DataError(
        "\n  ".join(lines),
        hint=f"put .txt, .md, .html, .jsonl or .csv files with text there; {out / 'report.md'} tells of every file",
    )
