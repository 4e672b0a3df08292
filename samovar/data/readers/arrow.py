"""Arrow tables, as the library datasets of Hugging Face keeps them: a document a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from samovar.data.document import Document
from samovar.data.readers.input_file import InputFile, UnreadableError
from samovar.data.readers.parquet import chosen_columns, row_documents

SUFFIXES = (".arrow", ".feather")
IS_ISOLATED = True

_FILE = b"ARROW1\0\0"
_STREAM = b"\xff\xff\xff\xff"
_ROWS = 256


def has_magic(head: bytes) -> bool:
    """Whether it is Arrow's file, or its stream: a mark, and the length of the schema, a multiple of eight."""
    if head.startswith(_FILE):
        return True
    length = int.from_bytes(head[4:8], "little")
    return head.startswith(_STREAM) and 0 < length < 1 << 24 and length % 8 == 0


def read(file: InputFile) -> Iterator[Document]:
    """A document a row, from its text, content or body."""
    import pyarrow as pa

    with file.on_disk() as path:
        try:
            with path.open("rb") as stream:
                is_file = stream.read(len(_FILE)) == _FILE
                stream.seek(0)
                opened = pa.ipc.open_file(stream) if is_file else pa.ipc.open_stream(stream)
                with opened as table:
                    chosen_columns(file, table.schema.names)
                    yield from row_documents(file, _batches(table, is_file))
        except pa.ArrowMemoryError as error:
            raise MemoryError from error
        except (pa.ArrowException, OSError) as error:
            raise UnreadableError("a damaged Arrow table") from error


def _batches(table: Any, is_file: bool) -> Iterator[Any]:
    """The table in pieces of few rows."""
    whole = (table.get_batch(number) for number in range(table.num_record_batches)) if is_file else iter(table)
    for batch in whole:
        batch.validate(full=True)
        for start in range(0, batch.num_rows, _ROWS):
            yield batch.slice(start, _ROWS)
