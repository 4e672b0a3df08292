"""Results of units kept between runs: what was read and cleaned once is not read again while it is the same.

Units are appended to segments, files of some hundred megabytes with random names, so that a hundred thousand small
files do not become as many here. Once a unit is whole, the index beside its segment gets a record of 56 bytes: a run
that is killed loses the units under way and no more. When a run is through, the records of what it used go into one
``index``. In memory a unit takes 64 bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple

import numpy as np

from samovar.core.errors import CorruptError
from samovar.core.files import naming_os_errors, write_atomic
from samovar.data.pipeline.frames import Part, read_frames, write_all

SEGMENT_BYTES = 256 << 20
_MANY_SEGMENTS = 16
_MOST_WASTE = 1 / 3
_OPEN_FILES = 16
_RECORD = np.dtype([(name, "<u8") for name in ("key_high", "key_low", "segment", "offset", "size", "rules", "check")])
_FIELDS = _RECORD.names[:-1] if _RECORD.names else ()
_README = """\
What Samovar has read, kept so that it is not read again. It may hold text that later steps take out of the corpus:
leave this folder out of what you hand on. It can be deleted: the next run reads everything anew.
"""


class Entry(NamedTuple):
    """Where the result of a unit lies."""

    key: int
    """128 bits."""
    segment: int
    offset: int
    size_bytes: int
    rules: int
    """A hash of the rules of forgetting under which it is right."""


class UnitStore:
    """The store in ``folder``, open in one process; others may hold a ``SegmentWriter`` on it meanwhile."""

    def __init__(self, folder: Path, *, rules: int = 0) -> None:
        self._folder = folder
        self._rules = rules
        with naming_os_errors(folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not (folder / "README").is_file():
                write_atomic(folder / "README", _README)
        self._index = folder / "index"
        self._used = folder / "index.used"
        self._known = _sorted(self._read_all())
        self._files: dict[int, IO[bytes]] = {}
        with naming_os_errors(folder):
            self._out: IO[bytes] = self._index.open("ab")
            if torn := self._out.tell() % _RECORD.itemsize:
                self._out.truncate(self._out.tell() - torn)
            self._used_out: IO[bytes] = self._used.open("wb")

    def find(self, key: int) -> Entry | None:
        """The unit of this key; None when there is none."""
        high, low = np.uint64(key >> 64), np.uint64(key & (2**64 - 1))
        place = int(np.searchsorted(self._known["key_high"], high, side="right")) - 1
        while place >= 0 and self._known["key_high"][place] == high:
            if self._known["key_low"][place] == low:
                return _entry(self._known[place])
            place -= 1
        return None

    def confirm(self, entry: Entry) -> None:
        """Note that a unit of an earlier run is right under the present rules, too."""
        with naming_os_errors(self._folder):
            self._out.write(_record(entry).tobytes())
            self._out.flush()

    def use(self, entry: Entry) -> Iterator[Part | dict[str, Any]]:
        """The parts and the tail of a unit, which thereby is among those that ``retain_used`` keeps.

        Raises:
            CorruptError: it is damaged; it is off the index then.
        """
        with naming_os_errors(self._folder):
            self._used_out.write(_record(entry).tobytes())
        try:
            yield from read_frames(self._file(entry.segment), entry.offset, entry.size_bytes)
        except (CorruptError, FileNotFoundError) as error:
            self._forget(entry)
            raise CorruptError(
                f"the store of units {self._folder} is damaged", hint="run the same command again: it is read anew"
            ) from error

    def retain_used(self) -> None:
        """Let go of all units that this run had no use for.

        Their bytes go with their segment, or when they are a third of it; where the rules of forgetting have changed,
        all of them go at once.
        """
        rules_file = self._folder / "rules"
        with naming_os_errors(self._folder):
            is_purge = rules_file.is_file() and rules_file.read_text() != str(self._rules)
            self._used_out.close()
            self._out.close()
            self._close_files()
            sizes = self._segment_sizes()
            records = _sound(_read_records(self._used), sizes)
            stale = _segments_to_rewrite(records, sizes, most_waste=0.0 if is_purge else _MOST_WASTE)
            if stale:
                records = self._rewritten(records, stale)
            self._write_index(records)
            live = {segment_path(self._folder, segment) for segment in records["segment"].tolist()}
            for path in (*self._folder.glob("*.units"), *self._folder.glob("*.index")):
                if path not in live:
                    path.unlink()
            self._used.unlink(missing_ok=True)
            write_atomic(rules_file, str(self._rules))

    def close(self) -> None:
        """Close its files."""
        self._close_files()
        self._out.close()
        self._used_out.close()

    def _forget(self, entry: Entry) -> None:
        records = self._read_all()
        is_other = (records["segment"] != entry.segment) | (records["offset"] != entry.offset)
        self._out.close()
        self._write_index(records[is_other])
        index_path(self._folder, entry.segment).unlink(missing_ok=True)
        self._out = self._index.open("ab")

    def _read_all(self) -> np.ndarray:
        records = [_read_records(path) for path in (self._index, *sorted(self._folder.glob("*.index")))]
        return _sound(np.concatenate(records), self._segment_sizes())

    def _write_index(self, records: np.ndarray) -> None:
        write_atomic(self._index, records.tobytes())

    def _rewritten(self, records: np.ndarray, stale: set[int]) -> np.ndarray:
        """The records with the units of ``stale`` segments copied into new ones."""
        records = records.copy()
        with SegmentWriter(self._folder) as writer:
            for place in np.flatnonzero(np.isin(records["segment"], sorted(stale))).tolist():
                entry = _entry(records[place])
                with segment_path(self._folder, entry.segment).open("rb") as file:
                    file.seek(entry.offset)
                    with writer.unit(entry.key, entry.rules) as unit:
                        _copy(file, unit.file, entry.size_bytes)
                    records[place] = _record(unit.entry)[0]
            writer.sync()
        return records

    def _file(self, segment: int) -> IO[bytes]:
        if segment not in self._files:
            if len(self._files) >= _OPEN_FILES:
                self._files.pop(next(iter(self._files))).close()
            self._files[segment] = segment_path(self._folder, segment).open("rb")
        return self._files[segment]

    def _close_files(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _segment_sizes(self) -> dict[int, int]:
        return {int(path.stem, 16): path.stat().st_size for path in self._folder.glob("*.units")}

    def __enter__(self) -> UnitStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class SegmentWriter:
    """Appends units to segments of its own in the store in ``folder``, of which there may be one a process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._segment = 0
        self._file: IO[bytes] | None = None
        self._index: IO[bytes] | None = None

    @contextmanager
    def unit(self, key: int, rules: int) -> Iterator[NewUnit]:
        """A unit to be written; it has its entry when it is whole, and what an error leaves unfinished is cut off."""
        with naming_os_errors(self._folder):
            file, index = self._open()
        start = file.tell()
        unit = NewUnit(file, rules)
        try:
            yield unit
        except BaseException:
            with suppress(OSError):
                file.truncate(start)
                file.seek(start)
            raise
        unit.entry = Entry(key, self._segment, start, file.tell() - start, unit.rules)
        with naming_os_errors(self._folder):
            write_all(index, _record(unit.entry).tobytes())

    def sync(self) -> None:
        """Bring everything to the disk."""
        if self._file is not None:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the segment."""
        for file in (self._file, self._index):
            if file is not None:
                file.close()
        self._file = self._index = None

    def _open(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._file is not None and self._file.tell() >= SEGMENT_BYTES:
            self.close()
        if self._file is None or self._index is None:
            self._segment = int.from_bytes(os.urandom(8))
            # Unbuffered: a unit that is whole can be read at once by another process, and survives this one.
            self._file = segment_path(self._folder, self._segment).open("xb", buffering=0)
            self._index = index_path(self._folder, self._segment).open("xb", buffering=0)
        return self._file, self._index

    def __enter__(self) -> SegmentWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class NewUnit:
    """A unit while it is written to ``file``; ``entry`` says where it lies when it is whole."""

    def __init__(self, file: IO[bytes], rules: int) -> None:
        self.file = file
        self.rules = rules
        self.entry = Entry(0, 0, 0, 0, 0)


def segment_path(folder: Path, segment: int) -> Path:
    """Where the units of a segment lie."""
    return folder / f"{segment:016x}.units"


def index_path(folder: Path, segment: int) -> Path:
    """Where the records of a segment stand while it is written."""
    return folder / f"{segment:016x}.index"


def _record(entry: Entry) -> np.ndarray:
    record = np.zeros(1, dtype=_RECORD)
    record[0] = (entry.key >> 64, entry.key & (2**64 - 1), *entry[1:], 0)
    record["check"] = _checks(record)
    return record


def _entry(record: Any) -> Entry:
    high, low, *others = (int(record[name]) for name in _FIELDS)
    return Entry(high << 64 | low, *others)


def _checks(records: np.ndarray) -> np.ndarray:
    """A number a record that a record written in half does not have."""
    total = np.full(len(records), 0x9E3779B97F4A7C15, dtype=np.uint64)
    for name in _FIELDS:
        total = (total ^ records[name]) * np.uint64(0xFF51AFD7ED558CCD)
        total ^= total >> np.uint64(33)
    return total


def _read_records(path: Path) -> np.ndarray:
    """The records of an index; one written in half, at its end, is left out."""
    if not path.is_file():
        return np.empty(0, dtype=_RECORD)
    data = path.read_bytes()
    records = np.frombuffer(data[: len(data) - len(data) % _RECORD.itemsize], dtype=_RECORD)
    return records[_checks(records) == records["check"]]


def _sound(records: np.ndarray, segment_sizes: dict[int, int]) -> np.ndarray:
    """The records that lead into segments that are there; of equal keys the last."""
    ends = np.array([segment_sizes.get(segment, 0) for segment in records["segment"].tolist()], dtype=np.uint64)
    records = records[records["offset"] + records["size"] <= ends]
    keys = records[["key_high", "key_low"]]
    _, from_behind = np.unique(keys[::-1], return_index=True)
    return records[np.sort(len(records) - 1 - from_behind)]


def _sorted(records: np.ndarray) -> np.ndarray:
    return records[np.argsort(records["key_high"], kind="stable")]


def _segments_to_rewrite(records: np.ndarray, sizes: dict[int, int], *, most_waste: float) -> set[int]:
    """Segments of which a larger share is of no use to any unit, and small ones where there are many."""
    live: dict[int, int] = {}
    for segment, size in zip(records["segment"].tolist(), records["size"].tolist(), strict=True):
        live[segment] = live.get(segment, 0) + size
    wasteful = {segment for segment, used in live.items() if sizes[segment] - used > most_waste * sizes[segment]}
    small = {segment for segment, used in live.items() if used < SEGMENT_BYTES // 8}
    return wasteful | (small if len(small) > _MANY_SEGMENTS else set())


def _copy(source: IO[bytes], target: IO[bytes], size_bytes: int) -> None:
    while size_bytes:
        block = source.read(min(size_bytes, 1 << 20))
        if not block:
            raise CorruptError(f"{source.name} ends too early")
        write_all(target, block)
        size_bytes -= len(block)
