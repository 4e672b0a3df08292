"""A band of MinHash sorted on a machine of the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from samovar.data.cluster import node
from samovar.data.cluster.session import Session
from samovar.data.duplicates.sorted_runs import RECORD


class RayPartition:
    """Collects the hashes of a band in Ray's objects, which Ray moves to disk when they become too many.

    When it is closed, a task sorts them on some machine; only the pairs come back. A task that is lost begins anew: the
    objects belong to this process.
    """

    def __init__(self, session: Session, run_records: int) -> None:
        self._session = session
        self._run_records = run_records
        self._waiting: list[Any] = []
        self._num_waiting = 0
        self._parts: list[Any] = []
        self._stream: Any = None
        self._sort = session.ray.remote(max_retries=0, num_returns="streaming")(node.sorted_edges)

    def add(self, keys: Any, numbers: Any) -> None:
        """Take arrays of equal length."""
        records = np.empty(len(keys), dtype=RECORD)
        records["key"], records["number"] = keys, numbers
        self._waiting.append(records)
        self._num_waiting += len(records)
        if self._num_waiting >= self._run_records:
            self._put()

    def close(self) -> None:
        """Begin to sort."""
        if self._waiting:
            self._put()
        self._start()

    def edges(self) -> Iterator[Any]:
        """The pairs, as they come."""
        # Those of a lost task come again with the next: joined twice is joined.
        while True:
            try:
                pairs = self._session.call(self._next, what="sorting the hashes of near-duplicates")
            except StopIteration:
                return
            yield pairs

    def _next(self) -> Any:
        if self._stream is None:
            self._start()
        try:
            return self._session.ray.get(next(self._stream))
        except self._session.ray.exceptions.RayError:
            self._stream = None
            raise

    def _start(self) -> None:
        self._stream = self._sort.remote(self._parts, self._run_records)

    def _put(self) -> None:
        self._parts.append(self._session.ray.put(np.concatenate(self._waiting)))
        self._waiting, self._num_waiting = [], 0


def new_partition(session: Session) -> Any:
    """A maker of partitions; the path that it is given is not needed."""

    def make(path: Path, run_records: int) -> RayPartition:
        return RayPartition(session, run_records)

    return make
