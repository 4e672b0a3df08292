"""What became of every document that a step dropped or edited: rows of ``verdicts.parquet``, without any text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from samovar.core.files import json_line, naming_os_errors
from samovar.data.corpus_reader import naming_damage
from samovar.data.document import Document
from samovar.data.pipeline.frames import VerdictRow
from samovar.data.steps.step import Dropped, Edited, Step, Verdict

VERDICTS = "verdicts.parquet"
_ROWS_AT_ONCE = 65_536


def verdict_row(step: str, document: Document, verdict: Verdict) -> VerdictRow | None:
    """The row for a verdict; None for one that neither drops nor edits."""
    if isinstance(verdict, Dropped):
        return VerdictRow(document.id, document.source, step, "dropped", verdict.reason, verdict.detail)
    if isinstance(verdict, Edited):
        counts = ", ".join(f"{what} {count}" for what, count in sorted(verdict.counts.items()))
        return VerdictRow(document.id, document.source, step, "edited", "", counts)
    return None


def watch(step: Step, label: str, add: Callable[[VerdictRow], None]) -> None:
    """Have ``add`` called with a row for every document that ``step``, called ``label``, drops or edits from now on."""

    def witness(document: Document, verdict: Verdict) -> None:
        row = verdict_row(label, document, verdict)
        if row is not None:
            add(row)

    step.witness = witness


class VerdictWriter:
    """Writes rows in an order that depends on nothing but documents and steps.

    Rows of reading come in the order of the files. The later steps work at the same time, so the rows of each wait in
    a file of their own, and follow at the end. It holds 65,536 rows.
    """

    def __init__(self, path: Path, scratch: Path) -> None:
        self._path = path
        self._scratch = scratch
        self._temporary = path.with_name(path.name + ".tmp")
        self._rows: list[VerdictRow] = []
        self._waiting: list[IO[str]] = []
        self._writer: Any = None

    def add(self, row: VerdictRow) -> None:
        """Write a row of reading."""
        self._rows.append(row)
        if len(self._rows) >= _ROWS_AT_ONCE:
            self._flush()

    def section(self) -> Section:
        """A place for the rows of a later step; sections follow one another as they were asked for."""
        with naming_os_errors(self._scratch):
            self._scratch.mkdir(parents=True, exist_ok=True)
            path = self._scratch / f"verdicts-{len(self._waiting)}.jsonl"
            self._waiting.append(path.open("w+", encoding="utf-8", errors="surrogatepass"))
        return Section(self._waiting[-1])

    def finish(self) -> None:
        """Write what waits, and put the file in its place."""
        for file in self._waiting:
            for row in _rows_of(file):
                self.add(row)
        self._flush(is_last=True)
        with naming_os_errors(self._path):
            self._writer.close()
            self._writer = None
            self._temporary.replace(self._path)

    def _flush(self, *, is_last: bool = False) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = pa.schema([(name, pa.string()) for name in VerdictRow._fields])
        with naming_os_errors(self._path):
            if self._writer is None:
                self._writer = pq.ParquetWriter(self._temporary, schema, compression="zstd")
            if self._rows or is_last:
                columns = [[_utf8(row[place]) for row in self._rows] for place in range(len(schema))]
                arrays = [pa.array(column, pa.string()) for column in columns]
                self._writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
        self._rows = []

    def __enter__(self) -> VerdictWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._waiting:
            file.close()
            Path(file.name).unlink(missing_ok=True)
        if self._writer is not None:
            with suppress(OSError):  # what failed before says more
                self._writer.close()
            self._temporary.unlink(missing_ok=True)


class Section:
    """Takes the rows of one step, or of a run of steps."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def add(self, row: VerdictRow) -> None:
        """Write a row."""
        with naming_os_errors(Path(self._file.name)):
            self._file.write(json_line(row))


def read_verdicts(corpus: Path) -> Iterator[VerdictRow]:
    """The rows of a corpus in their order; none where it has none.

    Raises:
        CorruptError: their file is damaged.
    """
    import pyarrow.parquet as pq

    path = corpus / VERDICTS
    if not path.is_file():
        return
    with naming_damage(path), pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS_AT_ONCE):
            for row in batch.to_pylist():
                yield VerdictRow(**row)


def _rows_of(file: IO[str]) -> Iterator[VerdictRow]:
    file.flush()
    file.seek(0)
    for line in file:
        yield VerdictRow(*json.loads(line))


def _utf8(text: str) -> str:
    """Halves of surrogate pairs, which Parquet has no place for, as question marks."""
    return text.encode("utf-8", "replace").decode()
