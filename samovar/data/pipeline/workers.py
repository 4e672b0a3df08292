"""Processes that read and clean, or this process alone where there is little to do."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

from samovar.core.devices import num_cores
from samovar.core.errors import ResourceError
from samovar.data.document import Document
from samovar.data.pipeline.plan import Plan
from samovar.data.pipeline.run import BATCHES_A_WORKER, Cleaned, LocalRun
from samovar.data.pipeline.unit_maker import ReadPart, UnitMaker
from samovar.data.pipeline.unit_store import Entry
from samovar.data.sources.source import Unit
from samovar.data.steps.step import Step

T = TypeVar("T")


class UnitTask(NamedTuple):
    """A unit to make, its key, and what is known of it from an earlier run under other rules of forgetting."""

    unit: Unit
    key: int
    known: Entry | None


def num_workers(wanted: int | None) -> int:
    """``wanted``, or the cores that this process may use."""
    return wanted or num_cores()


class Workers:
    """Runs tasks in ``count`` processes, which start with the first task that is worth it; 1 runs all in this one."""

    can_share = True
    """Whether ``make_shared`` has somebody to share with."""

    def __init__(self, plan: Plan, folder: Path, count: int) -> None:
        self.count = count
        self._plan, self._folder = plan, folder
        self._pool: ProcessPoolExecutor | None = None
        self._stop: Any = None
        self._own_maker: UnitMaker | None = None

    @property
    def are_running(self) -> bool:
        """Whether processes have been started."""
        return self._pool is not None

    def make_here(self, tasks: Sequence[UnitTask]) -> list[Entry]:
        """The units' entries, made in this process."""
        return [self._maker().make(*task) for task in tasks]

    def make(self, tasks: Sequence[UnitTask]) -> Future[list[Entry]]:
        """The units' entries, made in a worker."""
        return self._submit(_make_units, list(tasks))

    def make_shared(self, task: UnitTask) -> Entry:
        """The entry of one large unit: it is read in this process, and the workers share its documents."""
        return self._maker().make_shared(task.unit, task.key, self._clean_part, self.count * BATCHES_A_WORKER)

    def _clean_part(self, documents: list[Document]) -> Future[ReadPart]:
        return self._submit(_clean_part, documents)

    def clean(self, number: int, documents: list[Document]) -> Future[Cleaned]:
        """What the run of local steps of this ``number`` makes of ``documents``, in a worker."""
        return self._submit(_clean, number, documents)

    def equip(self, step: Step) -> None:
        """Give a step that sees all documents what it may share its work out with; here that is nothing."""

    def summary(self) -> str:
        """What a person should know of how it went; empty when that is nothing."""
        return ""

    def _maker(self) -> UnitMaker:
        if self._own_maker is None:
            self._own_maker = UnitMaker(self._plan, self._folder)
        return self._own_maker

    def _submit(self, function: Callable[..., T], *arguments: Any) -> Future[T]:
        if self._pool is None:
            # Spawned: a fork of a process with threads may hang.
            context = get_context("spawn")
            self._stop = context.Event()
            self._pool = ProcessPoolExecutor(
                self.count,
                mp_context=context,
                initializer=_start,
                initargs=(self._plan, self._folder, self._stop),
            )
        return self._pool.submit(function, *arguments)

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stop is not None:
            self._stop.set()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        if self._own_maker is not None:
            self._own_maker.close()
        if isinstance(error, BrokenProcessPool):
            raise ResourceError(
                "a process that reads files was killed, as the system does when memory runs out",
                hint="run the same command again: what was read is kept; data.workers lowers the number of processes",
            ) from error


class _Stopped(Exception):
    """The work is to end."""


class _Worker(NamedTuple):
    maker: UnitMaker
    runs: list[LocalRun]


_worker: _Worker | None = None


def _start(plan: Plan, folder: Path, stop: Any) -> None:
    global _worker
    # Ctrl-C reaches the whole group of processes: this one is told by its parent.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def check_stop() -> None:
        if stop.is_set():
            raise _Stopped

    _worker = _Worker(
        UnitMaker(plan, folder, check_stop), [LocalRun(plan, number) for number in range(len(plan.later_runs))]
    )


def _end_with_parent() -> None:
    """A killed parent cannot tell its workers, which else would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _make_units(tasks: list[UnitTask]) -> list[Entry]:
    assert _worker is not None
    return [_worker.maker.make(*task) for task in tasks]


def _clean_part(documents: list[Document]) -> ReadPart:
    assert _worker is not None
    return _worker.maker.clean(documents)


def _clean(number: int, documents: list[Document]) -> Cleaned:
    assert _worker is not None
    return _worker.runs[number].clean(documents)
