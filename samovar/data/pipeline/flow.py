"""The stream of documents from the sources through all steps, and the counts of what was done on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from samovar.core.progress import Progress
from samovar.data.account import ReadingAccount
from samovar.data.document import Document
from samovar.data.pipeline.forgetting import Forget, by_place
from samovar.data.pipeline.frames import Part
from samovar.data.pipeline.plan import Plan
from samovar.data.pipeline.records import account_from, merge_record
from samovar.data.pipeline.run import LocalRun, cleaned
from samovar.data.pipeline.unit_store import UnitStore
from samovar.data.pipeline.unit_stream import Made, UnitStream
from samovar.data.pipeline.verdicts import VerdictWriter, watch
from samovar.data.pipeline.workers import Workers
from samovar.data.sources.source import LeftOut, Source, Unit, units_of
from samovar.data.steps import make_step
from samovar.data.steps.step import Step

FORGOTTEN = "to be forgotten, and not read"
_SHOWN_IN_VAIN = 3


class Flow:
    """Runs a plan. Files are read and first cleaned by the workers; here all units come together, in order."""

    def __init__(
        self,
        plan: Plan,
        scratch: Path,
        *,
        account: ReadingAccount,
        verdicts: VerdictWriter,
        store: UnitStore,
        workers: Workers,
        progress: Progress,
    ) -> None:
        self._plan = plan
        self._account, self._verdicts, self._store = account, verdicts, store
        self._workers, self._progress = workers, progress
        on_files, on_texts = by_place(plan.rules)
        reading = [make_step(step, seed=plan.seed) for step in plan.reading_steps]
        self._reading: list[Step] = [Forget(on_files), *reading, Forget(on_texts)]
        self._later = [[make_step(step, seed=plan.seed) for step in run] for run in plan.later_runs]
        self._last = Forget(on_texts)
        for number, step in enumerate(step for run in self._later for step in run):
            step.scratch = scratch / f"{number}-{step.name}"
            workers.equip(step)
        self._num_kept = self._num_read = self._num_in_vain = 0
        self._in_vain: list[str] = []

    def documents(self, sources: Sequence[Source]) -> Iterator[Document]:
        """The documents that come through, in an order that depends on the sources alone."""
        documents = self._read(unit for source in sources for unit in self._units(source))
        for number, steps in enumerate(self._later):
            section = self._verdicts.section()
            if steps[0].is_local:
                here = LocalRun(self._plan, number)
                documents = cleaned(documents, steps, here, section, self._workers, number)
            else:
                watch(steps[0], self._plan.labels_of_run(number)[0], section.add)
                documents = steps[0](documents)
        watch(self._last, self._last.name, self._verdicts.section().add)
        return self._last(documents)

    def finished_steps(self) -> list[Step]:
        """All steps with their counts, once the last document has come; those of forgetting where they did something.

        No sample of a forgotten document is among them.
        """
        steps = [*self._reading, *(step for run in self._later for step in run), self._last]
        for step in steps:
            self._last.clean(step.tally, self._last.ids)
        return [step for step in steps if not isinstance(step, Forget) or step.tally.dropped]

    def reuse_summary(self) -> str:
        """How many files were read, and how many were as an earlier run had read them."""
        read = f"read {self._num_read:,} file{'' if self._num_read == 1 else 's'}"
        if not self._num_kept:
            return read
        return f"{read}; {self._num_kept:,} {'is as it was' if self._num_kept == 1 else 'are as they were'}"

    def in_vain_summary(self) -> str:
        """Which files were opened and gave no text, and why; '' where all gave some."""
        if not self._num_in_vain:
            return ""
        more = self._num_in_vain - len(self._in_vain)
        lines = [*self._in_vain, *([f"and {more:,} more; files.jsonl has a row for each"] if more else [])]
        return "\n  ".join([f"no text in {self._num_in_vain:,} of {self._num_read + self._num_kept:,}:", *lines])

    def _units(self, source: Source) -> Iterator[Unit]:
        for unit in units_of(source):
            if any(rule.matches_file(unit.name) for rule in self._plan.rules):
                yield LeftOut(unit.name, unit.size_bytes, FORGOTTEN)
            else:
                yield unit

    def _read(self, units: Iterable[Unit]) -> Iterator[Document]:
        for made in UnitStream(
            units, self._plan, self._store, self._workers, total_bytes=int(self._progress.total or 0)
        ):
            before = self._account.documents
            yield from self._documents_of(made)
            if not made.unit.reason:
                if self._account.documents == before:
                    self._add_in_vain()
                self._num_read += made.is_new
                self._num_kept += not made.is_new
                self._progress.advance(made.unit.size_bytes)

    def _add_in_vain(self) -> None:
        self._num_in_vain += 1
        if self._account.last_closed is not None and len(self._in_vain) < _SHOWN_IN_VAIN:
            self._in_vain.append(self._account.last_closed.why())

    def _documents_of(self, made: Made) -> Iterator[Document]:
        if made.entry is None:
            yield from made.unit.documents(self._account)
            return
        for part in self._store.use(made.entry):
            if isinstance(part, Part):
                for row in part.verdicts:
                    self._verdicts.add(row)
                yield from part.documents
            else:
                self._count(part)

    def _count(self, tail: dict[str, Any]) -> None:
        for record in tail["files"]:
            self._account.close_file(account_from(record))
        for step, record in zip(self._reading, tail["tallies"], strict=True):
            merge_record(step.tally, record)
            step.trim()
