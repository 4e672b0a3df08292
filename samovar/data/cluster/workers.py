"""The workers of the pipeline as tasks of Ray."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import IO

from samovar.core.errors import CorruptError, ResourceError
from samovar.core.files import naming_os_errors
from samovar.data.cluster import node
from samovar.data.cluster.band import new_partition
from samovar.data.cluster.node import REFUSED, Head, Job, is_as_listed, version_here
from samovar.data.cluster.session import Session
from samovar.data.document import Document
from samovar.data.pipeline.frames import write_all
from samovar.data.pipeline.plan import Plan
from samovar.data.pipeline.run import Cleaned
from samovar.data.pipeline.unit_maker import UnitMaker
from samovar.data.pipeline.unit_store import Entry, SegmentWriter
from samovar.data.pipeline.workers import UnitTask, Workers
from samovar.data.sources.files import FileUnit
from samovar.data.steps.step import Step


class RayWorkers(Workers):
    """Hands out tasks to a cluster, and puts what comes back into the store here: its machines need no common folder.

    For each processor of the cluster, or of ``wanted`` of them, a thread waits here for its task and takes the result
    as soon as it is there, so that a run that is killed finds it again.
    """

    can_share = False

    def __init__(self, plan: Plan, folder: Path, wanted: int | None) -> None:
        self._session = Session(wanted)
        at_once = min(wanted or self._session.num_processors, self._session.num_processors)
        # With one worker the pipeline would do all the work in this process.
        super().__init__(plan, folder, max(2, at_once))
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="ray")
        self._writer = SegmentWriter(folder)
        self._writing = threading.Lock()
        self._num_refused = 0
        self._first_refused = ""
        ray = self._session.ray
        self._job = ray.put(Job(uuid.uuid4().hex, version_here(), os.getcwd(), plan))
        self._make_units = ray.remote(max_retries=0, num_returns="streaming")(node.make_units)
        self._clean = ray.remote(max_retries=0)(node.clean)

    @property
    def are_running(self) -> bool:
        """They are: the cluster was there first."""
        return True

    def make(self, tasks: Sequence[UnitTask]) -> Future[list[Entry]]:
        """The units' entries, made by a task of Ray."""
        return self._threads.submit(self._made, list(tasks))

    def clean(self, number: int, documents: list[Document]) -> Future[Cleaned]:
        """What the run of local steps of this ``number`` makes of ``documents``, by a task of Ray."""

        def call() -> Cleaned:
            with self._session.running(self._clean.remote(self._job, number, documents)) as handle:
                cleaned: Cleaned = self._session.ray.get(handle)
            return cleaned

        return self._threads.submit(self._session.call, call, what="cleaning some documents")

    def equip(self, step: Step) -> None:
        """Near-duplicates are sorted on the cluster, a band a task."""
        if hasattr(step, "new_partition"):
            step.new_partition = new_partition(self._session)

    def summary(self) -> str:
        """The cluster, and what went wrong with it."""
        told = [f"Ray: {self._session.num_machines} machines, {self._session.num_processors} processors"]
        if self._session.num_lost:
            told.append(f"{self._session.num_lost} tasks were lost with their process or machine and done again")
        if self._num_refused:
            told.append(f"{self._num_refused} files had to be read here ({self._first_refused})")
        return "; ".join(told)

    def _made(self, tasks: list[UnitTask]) -> list[Entry]:
        entries = [self._confirmed(task) for task in tasks]
        missing = [task for task, entry in zip(tasks, entries, strict=True) if entry is None]
        made: Iterator[Entry] = iter(())
        if missing:
            what = "reading " + ", ".join(task.unit.name for task in missing[:3]) + (" …" if missing[3:] else "")
            made = iter(self._session.call(lambda: self._fetched(missing), what=what))
        return [next(made) if entry is None else entry for entry in entries]

    def _confirmed(self, task: UnitTask) -> Entry | None:
        """What an earlier run left in the store, where that is right under the present rules of forgetting too."""
        if task.known is None or not UnitMaker(self._plan, self._folder).is_right(task.known):
            return None
        return task.known._replace(rules=self._plan.rules_hash)

    def _fetched(self, tasks: Sequence[UnitTask]) -> list[Entry]:
        ray = self._session.ray
        units = [(task.unit, task.key) for task in tasks]
        with self._session.running(self._make_units.remote(self._job, units)) as stream:
            head: Head = ray.get(next(stream))
            with self._writing:
                chunks = _Chunks(ray.get(one) for one in stream)
                return [
                    self._stored(task, size, chunks)
                    if size != REFUSED
                    else self._made_after_all(task, head.node, reason)
                    for task, size, reason in zip(tasks, head.sizes, head.reasons, strict=True)
                ]

    def _stored(self, task: UnitTask, size_bytes: int, chunks: _Chunks) -> Entry:
        with naming_os_errors(self._folder), self._writer.unit(task.key, self._plan.rules_hash) as new:
            chunks.copy(new.file, size_bytes)
        return new.entry

    def _made_after_all(self, task: UnitTask, node_name: str, reason: str) -> Entry:
        """A machine that does not see a file that is here must not make it vanish from the corpus."""
        unit = task.unit
        if isinstance(unit, FileUnit) and is_as_listed(unit, task.key, self._plan):
            raise ResourceError(
                f"the machine {node_name} of the cluster does not see {unit.path} as this one does: {reason}",
                hint="sources of a cluster are URIs (s3://bucket/documents) or folders that every machine has mounted "
                "at the same path",
            )
        if not self._num_refused:
            self._first_refused = f"{unit.name} on {node_name}: {reason}"
        self._num_refused += 1
        (entry,) = self.make_here([UnitTask(unit, task.key, None)])
        return entry

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._session.cancel()
        self._threads.shutdown(wait=True)
        self._session.leave()
        self._writer.close()
        super().__exit__(kind, error, trace)


class _Chunks:
    """Bytes that come in chunks, taken in other pieces."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = memoryview(b"")

    def copy(self, file: IO[bytes], size_bytes: int) -> None:
        """Write the next ``size_bytes`` to ``file``."""
        while size_bytes:
            if not self._left:
                self._left = memoryview(next(self._chunks, b""))
                if not self._left:
                    raise CorruptError("a machine of the cluster gave less than it said", hint="run the command again")
            piece, self._left = self._left[:size_bytes], self._left[size_bytes:]
            write_all(file, piece)
            size_bytes -= len(piece)
