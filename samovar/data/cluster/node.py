"""What runs on the machines of a cluster: the same reading, cleaning and sorting as in the local engine."""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from tempfile import SpooledTemporaryFile, TemporaryDirectory
from typing import Any, NamedTuple, cast

from samovar.core.errors import ConfigError
from samovar.data.account import FileAccount
from samovar.data.document import Document
from samovar.data.duplicates.partitions import DiskPartition
from samovar.data.pipeline.plan import Plan, reading_version
from samovar.data.pipeline.run import Cleaned, LocalRun
from samovar.data.pipeline.unit_maker import UnitMaker
from samovar.data.sources.files import FileUnit
from samovar.data.sources.remote import RemoteUnit
from samovar.data.sources.source import Unit

CHUNK_BYTES = 16 << 20
_UNREAD = "cannot be read"


class Job(NamedTuple):
    """What every task of a run must know."""

    id: str
    version: str
    """Of the code and the packages on the machine where the run was started."""
    folder: str
    """The working folder there, from which relative paths start."""
    plan: Plan


class Head(NamedTuple):
    """What comes before the bytes of some units."""

    node: str
    sizes: list[int]
    """Bytes of each unit; REFUSED where the unit has none, as it cannot be made on this machine."""
    reasons: list[str]
    """Why a unit was refused; else empty."""


REFUSED = -1


class _Process:
    """What a process keeps from task to task of one run."""

    def __init__(self, job: Job) -> None:
        self.job = job
        if version_here() != job.version:
            raise ConfigError(
                f"the machine {socket.gethostname()} has another Samovar, Python or package for reading and cleaning "
                f"({version_here()}) than the one where the run was started ({job.version})",
                hint="install the same on every machine: pip install -c constraints.txt 'samovar[data,ray]'",
            )
        with suppress(OSError):  # a machine without it cannot have the files below it either, and they are missed
            os.chdir(job.folder)
        self._runs: dict[int, LocalRun] = {}

    @cached_property
    def maker(self) -> UnitMaker:
        return UnitMaker(self.job.plan, Path())

    def run(self, number: int) -> LocalRun:
        if number not in self._runs:
            self._runs[number] = LocalRun(self.job.plan, number)
        return self._runs[number]


_process: _Process | None = None


def version_here() -> str:
    """What must be equal on all machines: the code, the packages and Python."""
    return f"{reading_version()[:16]}-{platform.python_version()}"


def make_units(job: Job, units: Sequence[tuple[Unit, int]]) -> Iterator[Head | bytes]:
    """Read and clean ``units``, each with its key: a head, then the bytes of all units one behind another, in chunks.

    It holds one chunk; what is more waits in a temporary file.
    """
    process = _process_of(job)
    node = socket.gethostname()
    with SpooledTemporaryFile(CHUNK_BYTES) as spooled:
        file = cast(Any, spooled)
        head = Head(node, [], [])
        for unit, key in units:
            start = file.tell()
            reason = _why_not_here(unit, key, job.plan) or _why_unread(unit, process.maker.write(unit, file))
            if reason:
                file.seek(start)
                file.truncate()
            head.sizes.append(REFUSED if reason else file.tell() - start)
            head.reasons.append(reason)
        yield head
        file.seek(0)
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def clean(job: Job, number: int, documents: list[Document]) -> Cleaned:
    """What the run of local steps of this ``number`` makes of ``documents``."""
    return _process_of(job).run(number).clean(documents)


def sorted_edges(parts: Sequence[Any], run_records: int) -> Iterator[Any]:
    """The pairs of documents with equal hashes of one band, whose records lie in Ray's objects ``parts``.

    Memory is that of a partition on disk, whatever there is to sort.
    """
    import ray

    with TemporaryDirectory(prefix="samovar-band-") as folder:
        partition = DiskPartition(Path(folder) / "band.bin", run_records)
        for part in parts:
            records = ray.get(part)
            partition.add(records["key"], records["number"])
        partition.close()
        for pairs in partition.edges():
            if len(pairs):
                yield pairs


def is_as_listed(unit: Unit, key: int, plan: Plan) -> bool:
    """Whether this machine sees of ``unit`` what was seen where it was listed."""
    if isinstance(unit, FileUnit):
        try:
            status = unit.path.stat()
        except OSError:
            return False
        if (status.st_size, status.st_mtime_ns) != (unit.size_bytes, unit.modified_ns):
            return False
        if not os.access(unit.path, os.R_OK):
            return False
    return plan.unit_key(unit) == key


def _why_not_here(unit: Unit, key: int, plan: Plan) -> str:
    return "" if is_as_listed(unit, key, plan) else "it is not there, or another one"


def _why_unread(unit: Unit, rows: Sequence[FileAccount]) -> str:
    """A store may refuse this machine what it gives to the one where the run was started."""
    if isinstance(unit, RemoteUnit):
        return next((row.reason for row in rows if row.reason.startswith(_UNREAD)), "")
    return ""


def _process_of(job: Job) -> _Process:
    global _process
    if _process is None or _process.job.id != job.id:
        _process = _Process(job)
    return _process
