"""Parquet tables: a document a row, read a group of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from samovar.data.document import Document
from samovar.data.readers.input_file import InputFile, UnreadableError
from samovar.data.readers.jsonl import CONVERSATION_FIELDS, META_FIELDS, TEXT_FIELDS, text_of_row

SUFFIXES = (".parquet",)
IS_ISOLATED = True

_BATCH_ROWS = 256


def has_magic(head: bytes) -> bool:
    """Whether it is Parquet."""
    return head.startswith(b"PAR1")


def read(file: InputFile) -> Iterator[Document]:
    """A document a row, from its text, content or body."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with file.on_disk() as path:
        try:
            with path.open("rb") as stream, pq.ParquetFile(stream) as table:
                columns = chosen_columns(file, table.schema_arrow.names)
                batches = table.iter_batches(_BATCH_ROWS, columns=columns, use_threads=False)
                yield from row_documents(file, batches)
        except pa.ArrowMemoryError as error:
            raise MemoryError from error
        except (pa.ArrowException, OSError) as error:
            raise UnreadableError("a damaged Parquet table") from error


def chosen_columns(file: InputFile, names: list[str]) -> list[str]:
    """The columns that hold text or say something of it.

    Raises:
        UnreadableError: none holds text.
    """
    wanted = (file.text_field,) if file.text_field else TEXT_FIELDS
    if not any(name in names for name in wanted):
        if any(name in names for name in CONVERSATION_FIELDS):
            raise UnreadableError("a table of conversations, not of documents: it belongs to sft")
        raise UnreadableError(f"no column {', '.join(wanted)}; it has {', '.join(names)}"[:200])
    return [name for name in names if name in wanted or name in META_FIELDS]


def row_documents(file: InputFile, batches: Iterator[Any]) -> Iterator[Document]:
    """The documents of a table's rows, numbered from 1."""
    number = 0
    for batch in batches:
        for row in batch.to_pylist():
            number += 1
            problem, text, meta = text_of_row(row, file.text_field)
            if problem:
                file.account.note(problem, f"row {number}")
            else:
                yield from file.documents(iter([text]), place=str(number), meta={"row": str(number)} | meta)
