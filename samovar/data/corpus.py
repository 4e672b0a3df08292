"""Documents read, cleaned, parted and written: the data stage."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from samovar.core.artifact import SCRATCH
from samovar.core.errors import DataError
from samovar.core.files import naming_os_errors
from samovar.core.progress import Progress
from samovar.data.account import FILES, reading_account
from samovar.data.corpus_reader import read_corpus
from samovar.data.corpus_report import CorpusReport, write_reports
from samovar.data.corpus_writer import CorpusWriter
from samovar.data.engines import start_workers
from samovar.data.forget import ForgetRule
from samovar.data.pipeline.flow import Flow
from samovar.data.pipeline.plan import make_plan
from samovar.data.pipeline.unit_store import UnitStore
from samovar.data.pipeline.verdicts import VERDICTS, VerdictWriter
from samovar.data.readers.jsonl import NO_TEXT_FIELD
from samovar.data.settings import DataSettings
from samovar.data.sources import make_sources, source_fingerprint
from samovar.data.sources.source import units_of
from samovar.data.text_statistics import TextStatistics

__all__ = ["build_corpus", "read_corpus", "source_fingerprint"]


def build_corpus(
    settings: DataSettings,
    *,
    root: Path,
    out: Path,
    progress_quiet: bool = False,
    units: Path | None = None,
    rules: Sequence[ForgetRule] = (),
    held_out: Path | None = None,
    name: str = "",
) -> dict[str, Any]:
    """Read the sources below ``root``, clean them, and write the corpus and its report into ``out``; give the metrics.

    Writes ``train-*.parquet`` and ``validation-*.parquet`` (columns id, text, source, meta), ``files.jsonl`` (a row a
    file), ``verdicts.parquet`` (a row for every document that a step dropped or edited), ``dropped.jsonl`` and
    ``edited.jsonl`` (samples), ``report.md``, ``report.html`` and a card. They are the same whatever the number of
    workers, and whether files were read now or by an earlier run.

    It holds one row group, three batches of 2 MB a worker, what the steps remember, and 64 bytes a file.

    Args:
        settings: of the data stage.
        root: the folder that paths in the settings start from.
        out: where to write.
        progress_quiet: show nothing meanwhile.
        units: a folder where the results of files are kept for the next run; by default no longer than this one.
        rules: what must not be in the corpus.
        held_out: a file of questions that no document may hold, for the steps that look for such.
        name: of the corpus, for the report.

    Raises:
        MissingError: a source does not exist, or a package that a step needs.
        DataError: no document came through; says what was seen and why it gave nothing.
        ResourceError: ``out`` cannot be written, or a worker was killed.
    """
    scratch = out / SCRATCH / "steps"
    with naming_os_errors(out):
        out.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(scratch, ignore_errors=True)
    plan = make_plan(settings, root=root, rules=rules, held_out=held_out)
    store_folder = units or out / SCRATCH / "units"
    statistics = TextStatistics()
    with ExitStack() as stack:
        account = stack.enter_context(reading_account(out / FILES))
        writer = stack.enter_context(CorpusWriter(out, validation_share=settings.validation_share, seed=settings.seed))
        verdicts = stack.enter_context(VerdictWriter(out / VERDICTS, scratch))
        store = stack.enter_context(UnitStore(store_folder, rules=plan.rules_hash))
        workers = stack.enter_context(start_workers(settings.engine, plan, store_folder, settings.workers))
        progress = stack.enter_context(
            Progress("data", _size_bytes(settings, root) or None, unit="bytes", is_quiet=progress_quiet)
        )
        flow = Flow(plan, scratch, account=account, verdicts=verdicts, store=store, workers=workers, progress=progress)
        for document in flow.documents(make_sources(settings, root)):
            statistics.add(document)
            writer.add(document)
        writer.finish()
        verdicts.finish()
        for told in filter(None, (flow.reuse_summary(), flow.in_vain_summary(), workers.summary())):
            progress.say(told)
    store.retain_used()
    _remove_scratch(out)
    steps = flow.finished_steps()
    shown = settings.model_copy(update={"workers": None, "engine": "local"})  # the report does not depend on them
    report = CorpusReport(account, steps, statistics, writer.counts, settings=shown, name=name, lang=settings.lang)
    write_reports(report, out)
    if not writer.counts.documents:
        raise _empty_corpus(settings, report, out)
    return report.metrics()


def _size_bytes(settings: DataSettings, root: Path) -> int:
    """Bytes of the files that will be read."""
    units = (unit for source in make_sources(settings, root) for unit in units_of(source))
    return sum(unit.size_bytes for unit in units if not unit.reason)


def _remove_scratch(out: Path) -> None:
    for name in ("steps", "units"):
        shutil.rmtree(out / SCRATCH / name, ignore_errors=True)
    with suppress(OSError):  # others keep something there, too
        (out / SCRATCH).rmdir()


def _empty_corpus(settings: DataSettings, report: CorpusReport, out: Path) -> DataError:
    account = report.account
    where = ", ".join(source.label for source in settings.sources)
    dropped = [
        f"{reason} ({step.name}): {count} document{'' if count == 1 else 's'}"
        for step in report.steps
        for reason, count in step.tally.dropped.items()
    ]
    lines = [f"no text for a corpus in {where}: {account.num_files} file{'' if account.num_files == 1 else 's'} seen"]
    lines += ([account.why_empty()] if account.reasons else []) + dropped
    todo = "put documents with text there"
    if any(reason.startswith(NO_TEXT_FIELD) for reason in account.reasons):
        todo = "name the field of the text: in the recipe, as `data: {sources: [{path: ..., text_field: story}]}`, or"
        todo += " with `samovar data --text-field story`"
    return DataError("\n  ".join(lines), hint=f"{todo}; {out / 'report.md'} tells of every file")
