"""Units in the order of the sources, each as soon as its result is there: from the store, or made by the workers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from typing import NamedTuple

from samovar.data.pipeline.plan import Plan
from samovar.data.pipeline.run import BATCHES_A_WORKER
from samovar.data.pipeline.unit_store import Entry, UnitStore
from samovar.data.pipeline.workers import UnitTask, Workers
from samovar.data.sources.source import Unit

BATCH_UNITS = 64
BATCH_BYTES = 2 << 20
SHARED_BYTES = 32 << 20
# Units whose results are there may wait for one that is not, so that the workers have something to do meanwhile.
_MOST_WAITING = 4096


class Made(NamedTuple):
    """A unit and where its result lies; no entry for one that is not read."""

    unit: Unit
    entry: Entry | None
    is_new: bool


class _Batch:
    """Units for one task."""

    def __init__(self) -> None:
        self.tasks: list[UnitTask] = []
        self.size_bytes = 0
        self.is_shared = False
        self.result: list[Entry] | Future[list[Entry]] | None = None

    @property
    def is_full(self) -> bool:
        return len(self.tasks) >= BATCH_UNITS or self.size_bytes >= BATCH_BYTES


class _Waiting(NamedTuple):
    unit: Unit
    entry: Entry | None = None
    batch: _Batch | None = None
    place: int = 0


class UnitStream:
    """Gives every unit once, in order. At most three batches a worker are on their way, of a file or 2 MB each.

    A unit is made by one worker, but for one of over 32 MB that would keep it busy while others are through: that is
    more than half of a worker's part of ``total_bytes``. Then all workers share its documents.
    """

    def __init__(
        self, units: Iterable[Unit], plan: Plan, store: UnitStore, workers: Workers, *, total_bytes: int = 0
    ) -> None:
        self._shared_bytes = max(SHARED_BYTES, total_bytes // (2 * workers.count))
        self._units, self._plan, self._store, self._workers = units, plan, store, workers
        self._waiting: deque[_Waiting] = deque()
        self._open = _Batch()
        self._num_submitted = 0

    def __iter__(self) -> Iterator[Made]:
        for unit in self._units:
            self._take(unit)
            while self._is_too_much():
                yield self._next()
        while self._waiting:
            yield self._next()

    def _take(self, unit: Unit) -> None:
        if unit.reason:
            self._waiting.append(_Waiting(unit))
            return
        key = self._plan.unit_key(unit)
        entry = self._store.find(key)
        if entry is not None and entry.rules == self._plan.rules_hash:
            self._waiting.append(_Waiting(unit, entry))
            return
        if self._workers.can_share and self._workers.count > 1 and unit.size_bytes > self._shared_bytes:
            shared = _Batch()
            shared.is_shared = True
            shared.tasks.append(UnitTask(unit, key, entry))
            self._waiting.append(_Waiting(unit, None, shared))
            return
        if self._open.is_full:
            self._submit()
        batch = self._open
        self._waiting.append(_Waiting(unit, None, batch, len(batch.tasks)))
        batch.tasks.append(UnitTask(unit, key, entry))
        batch.size_bytes += unit.size_bytes

    def _is_too_much(self) -> bool:
        is_busy = self._num_submitted >= self._workers.count * BATCHES_A_WORKER
        return is_busy or len(self._waiting) >= _MOST_WAITING

    def _submit(self) -> None:
        """Give the open batch to the workers, of which there is more to follow."""
        if self._workers.count > 1:
            self._open.result = self._workers.make(self._open.tasks)
        self._num_submitted += 1
        self._open = _Batch()

    def _next(self) -> Made:
        """The unit that comes next, when it is made."""
        waiting = self._waiting.popleft()
        batch = waiting.batch
        if batch is None:
            return Made(waiting.unit, waiting.entry, is_new=False)
        if batch.is_shared:
            # What is open has to wait for it: better it is made meanwhile.
            if self._open.tasks:
                self._submit()
            task = batch.tasks[0]
            entry = self._workers.make_shared(task) if task.known is None else self._workers.make([task]).result()[0]
            return self._made(waiting.unit, entry, task)
        if batch is self._open:
            self._open = _Batch()
            self._num_submitted += 1
            if self._workers.are_running:
                batch.result = self._workers.make(batch.tasks)
        if batch.result is None:
            # All there is to do, or the only process that does it: others would take longer to start.
            if batch.size_bytes < 2 * BATCH_BYTES or self._workers.count == 1:
                return self._made_here(waiting, batch)
            batch.result = self._workers.make(batch.tasks)
        entries = batch.result if isinstance(batch.result, list) else batch.result.result()
        if waiting.place == len(batch.tasks) - 1:
            self._num_submitted -= 1
        return self._made(waiting.unit, entries[waiting.place], batch.tasks[waiting.place])

    def _made_here(self, waiting: _Waiting, batch: _Batch) -> Made:
        """One unit at a time, so that no more are made than somebody waits for."""
        if waiting.place == len(batch.tasks) - 1:
            self._num_submitted -= 1
        task = batch.tasks[waiting.place]
        (entry,) = self._workers.make_here([task])
        return self._made(waiting.unit, entry, task)

    def _made(self, unit: Unit, entry: Entry, task: UnitTask) -> Made:
        is_known = task.known is not None and entry[1:4] == task.known[1:4]
        if is_known:
            self._store.confirm(entry)
        return Made(unit, entry, is_new=not is_known)
