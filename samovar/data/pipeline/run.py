"""A run of local steps between steps that see all documents: here while that is quick, else in the workers."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from samovar.data.document import Document
from samovar.data.pipeline.frames import VerdictRow
from samovar.data.pipeline.ordered import batches
from samovar.data.pipeline.plan import Plan
from samovar.data.pipeline.verdicts import Section, watch
from samovar.data.steps import make_step
from samovar.data.steps.step import Step, Tally

if TYPE_CHECKING:
    from samovar.data.pipeline.workers import Workers

# A document's way into another process and back costs as much as cleaning it at this speed.
_WORTH_A_WORKER_CHARACTERS_PER_S = 30e6
_MEASURED_CHARACTERS = 4 << 20
BATCHES_A_WORKER = 3
"""Tasks on their way at once."""


class Cleaned(NamedTuple):
    """What a run made of some documents."""

    documents: list[Document]
    tallies: list[Tally]
    verdicts: list[VerdictRow]


class LocalRun:
    """The steps of one run, set up when they are needed first."""

    def __init__(self, plan: Plan, number: int) -> None:
        self._settings, self._seed, self._labels = plan.later_runs[number], plan.seed, plan.labels_of_run(number)
        self._verdicts: list[VerdictRow] = []

    @cached_property
    def steps(self) -> list[Step]:
        """The steps, which leave a row for each verdict."""
        steps = [make_step(step, seed=self._seed) for step in self._settings]
        for step, label in zip(steps, self._labels, strict=True):
            watch(step, label, self._add)
        return steps

    def clean(self, documents: Iterable[Document]) -> Cleaned:
        """Run the steps over ``documents``."""
        self._verdicts = []
        stream = iter(documents)
        for step in self.steps:
            stream = step(stream)
        return Cleaned(list(stream), [step.take_tally() for step in self.steps], self._verdicts)

    def _add(self, row: VerdictRow) -> None:
        self._verdicts.append(row)


def cleaned(
    documents: Iterable[Document],
    steps: Sequence[Step],
    here: LocalRun,
    section: Section,
    workers: Workers,
    number: int,
) -> Iterator[Document]:
    """The documents that the run of this ``number``, ``here``, lets through, in their order; ``steps`` count for it.

    The outcome does not depend on where it was made. At most three batches of a megabyte a worker are on their way.
    """
    waiting: deque[Future[Cleaned]] = deque()
    characters, seconds = 0, 0.0
    for batch in batches(documents):
        is_worth_it = characters >= _MEASURED_CHARACTERS and characters / seconds < _WORTH_A_WORKER_CHARACTERS_PER_S
        if workers.count > 1 and is_worth_it:
            waiting.append(workers.clean(number, batch))
            if len(waiting) >= workers.count * BATCHES_A_WORKER:
                yield from _counted(waiting.popleft().result(), steps, section)
            continue
        started = time.perf_counter()
        done = here.clean(batch)
        seconds += time.perf_counter() - started
        characters += sum(len(document.text) for document in batch)
        yield from _counted(done, steps, section)
    while waiting:
        yield from _counted(waiting.popleft().result(), steps, section)


def _counted(done: Cleaned, steps: Sequence[Step], section: Section) -> list[Document]:
    for step, tally in zip(steps, done.tallies, strict=True):
        step.merge(tally)
    for row in done.verdicts:
        section.add(row)
    return done.documents
