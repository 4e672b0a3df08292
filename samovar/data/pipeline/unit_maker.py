"""Reads units and runs the first local steps over their documents, in whichever process it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import cached_property
from pathlib import Path
from typing import IO, Any, NamedTuple

from samovar.core.errors import CorruptError
from samovar.core.files import naming_os_errors
from samovar.data.account import FileAccount, ReadingAccount
from samovar.data.document import Document
from samovar.data.forget import ForgetRule
from samovar.data.pipeline.forgetting import Forget, by_place
from samovar.data.pipeline.frames import Part, UnitWriter, VerdictRow, read_frames
from samovar.data.pipeline.ordered import batches, in_order
from samovar.data.pipeline.plan import Plan
from samovar.data.pipeline.records import account_record, tally_from, tally_record
from samovar.data.pipeline.unit_store import Entry, SegmentWriter, segment_path
from samovar.data.pipeline.verdicts import watch
from samovar.data.sources.source import Unit
from samovar.data.steps import make_step
from samovar.data.steps.step import Step, Tally

_TO_TRY_AGAIN = 0
"""In the place of the rules of a unit whose files might be read the next time: no rules have this hash."""


class _Rows(ReadingAccount):
    """Keeps the rows of the files as they come: the sums are made where all units come together."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[FileAccount] = []

    def close_file(self, file: FileAccount) -> None:
        self.files.append(file)


class ReadPart(NamedTuple):
    """What the first steps made of some documents of a unit."""

    documents: list[Document]
    tallies: list[Tally]
    verdicts: list[VerdictRow]
    forgotten_ids: set[str]
    rules_met: set[ForgetRule]


class _Listed:
    """Keeps rows of verdicts."""

    def __init__(self) -> None:
        self.rows: list[VerdictRow] = []

    def witness(self, row: VerdictRow) -> None:
        self.rows.append(row)


class UnitMaker:
    """Makes units, one after another, into the store in ``folder``; the steps are set up once.

    ``check_stop`` is called with every document, and raises when the work is to end.
    """

    def __init__(self, plan: Plan, folder: Path, check_stop: Callable[[], None] = lambda: None) -> None:
        self._plan = plan
        self._folder = folder
        self._check_stop = check_stop
        self._writer = SegmentWriter(folder)
        self._out: UnitWriter | _Listed | None = None
        on_files, on_texts = by_place(plan.rules)
        self._forget_files, self._forget_texts = Forget(on_files), Forget(on_texts)

    def make(self, unit: Unit, key: int, known: Entry | None = None) -> Entry:
        """The unit's entry: a new one, or ``known`` where that stands under the present rules of forgetting too."""
        if known is not None and self.is_right(known):
            return known._replace(rules=self._plan.rules_hash)
        with naming_os_errors(self._folder), self._writer.unit(key, self._plan.rules_hash) as new:
            if any(file.may_pass for file in self.write(unit, new.file)):
                new.rules = _TO_TRY_AGAIN
        return new.entry

    def write(self, unit: Unit, file: IO[bytes]) -> list[FileAccount]:
        """Read and clean the unit into ``file``, from its position on; gives the rows of the files that were met."""
        out = self._out = UnitWriter(file)
        account = _Rows()
        for document in self._through_steps(unit.documents(account)):
            out.add(document)
        self._finish(out, account, [step.take_tally() for step in self._steps], self._forget_texts.ids)
        return account.files

    def make_shared(
        self, unit: Unit, key: int, clean: Callable[[list[Document]], Future[ReadPart]], most: int
    ) -> Entry:
        """The entry of a unit that is read here and cleaned by others, at most ``most`` batches of a megabyte at once.

        ``clean`` has what ``ReadPart`` says made of a batch. The outcome is that of ``make``.
        """
        with naming_os_errors(self._folder), self._writer.unit(key, self._plan.rules_hash) as new:
            out = UnitWriter(new.file)
            account = _Rows()
            self._begin()
            ids: set[str] = set()
            for part in in_order(map(clean, batches(unit.documents(account))), most):
                for row in part.verdicts:
                    out.witness(row)
                for document in part.documents:
                    out.add(document)
                for step, tally in zip(self._steps, part.tallies, strict=True):
                    step.merge(tally)
                ids |= part.forgotten_ids
                self._forget_texts.met |= part.rules_met
            self._finish(out, account, [step.take_tally() for step in self._steps], ids)
            if any(file.may_pass for file in account.files):
                new.rules = _TO_TRY_AGAIN
        return new.entry

    def clean(self, documents: list[Document]) -> ReadPart:
        """Run the first steps over some documents of a unit."""
        listed = self._out = _Listed()
        kept = list(self._through_steps(iter(documents)))
        tallies = [step.take_tally() for step in self._steps]
        met = self._forget_files.met | self._forget_texts.met
        return ReadPart(kept, tallies, listed.rows, set(self._forget_texts.ids), met)

    def is_right(self, known: Entry) -> bool:
        """Whether reading anew under the present rules of forgetting would give just what ``known`` leads to."""
        if known.rules == _TO_TRY_AGAIN:
            return False
        try:
            with segment_path(self._folder, known.segment).open("rb") as file:
                return self._holds_nothing_named(read_frames(file, known.offset, known.size_bytes))
        except (CorruptError, FileNotFoundError):
            return False  # made anew, it takes the place of what is damaged

    def _holds_nothing_named(self, parts: Iterable[Part | dict[str, Any]]) -> bool:
        for part in parts:
            if isinstance(part, Part):
                if any(self._is_named(document) for document in part.documents):
                    return False
                if any(self._is_named(Document(row.id, "", row.source)) for row in part.verdicts):
                    return False
                continue
            if part["rules"]:
                # It has met rules before: one may be gone, and whether an added one would have come first is not
                # worth knowing.
                return False
            if any(self._forget_texts.names_text_of(tally_from(record)) for record in part["tallies"]):
                return False
        return True

    def close(self) -> None:
        """Close the store's segment."""
        self._writer.close()

    def _begin(self) -> None:
        self._forget_files.begin()
        self._forget_texts.begin()
        for step in self._steps:
            step.take_tally()  # an earlier unit may have failed half-way

    def _through_steps(self, documents: Iterator[Document]) -> Iterator[Document]:
        self._begin()
        documents = self._watched(documents)
        for step in self._steps:
            documents = step(documents)
        for document in documents:
            self._prepare(document)
            yield document

    def _finish(self, out: UnitWriter, account: _Rows, tallies: list[Tally], forgotten_ids: set[str]) -> None:
        for tally in tallies:
            self._forget_texts.clean(tally, forgotten_ids)
        met = self._forget_files.met | self._forget_texts.met
        out.finish(
            {
                "files": [account_record(file) for file in account.files],
                "tallies": [tally_record(tally) for tally in tallies],
                "rules": [[rule.kind, rule.pattern] for rule in self._plan.rules if rule in met],
            }
        )

    @cached_property
    def _steps(self) -> list[Step]:
        """Forgetting by file, the recipe's first steps, forgetting by text."""
        steps = [make_step(step, seed=self._plan.seed) for step in self._plan.reading_steps]
        for step, label in zip(steps, self._plan.labels, strict=False):
            watch(step, label, self._witness)
        for forget in (self._forget_files, self._forget_texts):
            watch(forget, forget.name, self._witness)
        return [self._forget_files, *steps, self._forget_texts]

    @cached_property
    def _prepare(self) -> Callable[[Document], None]:
        if self._plan.prepared is None:
            return lambda document: None
        step: Any = make_step(self._plan.prepared, seed=self._plan.seed)

        def prepare(document: Document) -> None:
            document.meta[step.PREPARED] = step.prepare(document).hex()

        return prepare

    def _witness(self, row: VerdictRow) -> None:
        if self._out is not None:
            self._out.witness(row)

    def _watched(self, documents: Iterator[Document]) -> Iterator[Document]:
        for document in documents:
            self._check_stop()
            yield document

    def _is_named(self, document: Document) -> bool:
        return any(rule.place(document) is not None for rule in self._plan.rules)
