"""Rows of JSON out of files, and conversations out of rows, in whatever form they are (forms.py)."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar, cast

from samovar.chat.conversation import Conversation, load_strict_json
from samovar.chat.forms import read_conversation
from samovar.core.errors import DataError, MissingError, ResourceError

_SHAPE = '{"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}'
# No conversation is that long: it is another kind of file, and would not fit in memory.
_MAX_LINE_BYTES = 64 * 2**20
_MAX_ARRAY_BYTES = 2**30
_BOM = b"\xef\xbb\xbf"

T = TypeVar("T")


class FileRow(NamedTuple):
    """A value, and where it stands, for errors."""

    where: str
    value: Any


def read_conversations(path: Path) -> Iterator[Conversation]:
    """Each row of ``path`` as a conversation, as a stream.

    Raises:
        MissingError: there is no such file.
        ResourceError: it may not be read.
        DataError: a row is not a conversation (named by its number), or there is none at all.
    """
    yield from read_rows_as(read_conversation, path, what="conversations", shape=_SHAPE)


def read_rows_as(read: Callable[[Any], T], path: Path, *, what: str, shape: str) -> Iterator[T]:
    """``read`` of each row; its errors get the row's place in front of them.

    Raises:
        MissingError: there is no such file.
        ResourceError: it may not be read.
        DataError: ``read`` refuses a row, or there is none at all.
    """
    is_empty = True
    for row in file_rows(Path(path), shape=shape):
        is_empty = False
        try:
            found = read(row.value)
        except DataError as error:
            raise DataError(f"{row.where}: {error}", hint=error.hint) from error
        yield found
    if is_empty:
        raise DataError(f"{path} has no {what}: the file is empty", hint=f"write one a line: {shape}")


def file_rows(path: Path, *, shape: str = _SHAPE) -> Iterator[FileRow]:
    """The rows of a file: JSON Lines, one JSON array, or Parquet; the first two also gzipped. Blank lines are passed.

    Raises:
        MissingError: there is no such file.
        ResourceError: it may not be read.
        DataError: it is none of these.
    """
    try:
        if path.suffix == ".parquet":
            yield from _parquet(path)
            return
        with _open(path) as file:
            begin = file.read(3).removeprefix(_BOM).lstrip()
            file.seek(0)
            yield from _array(path, file) if begin.startswith(b"[") else _lines(path, file, shape)
    except FileNotFoundError as error:
        raise MissingError(f"{path} does not exist", hint=f"make it, with one row a line: {shape}") from error
    except (OSError, EOFError, zlib.error) as error:
        if isinstance(error, ResourceError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise ResourceError(f"{path} cannot be read: {reason}", hint="check what it is and who owns it") from error


@contextmanager
def _open(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as file:
        if path.suffix != ".gz":
            yield file
            return
        with gzip.open(file) as unpacked:
            yield cast(IO[bytes], unpacked)


def _lines(path: Path, file: IO[bytes], shape: str) -> Iterator[FileRow]:
    number = 1
    while line := file.readline(_MAX_LINE_BYTES + 1):
        where = f"{path}:{number}"
        if len(line) > _MAX_LINE_BYTES:
            raise DataError(
                f"{where} is longer than {_MAX_LINE_BYTES // 2**20} MiB: that is no row",
                hint="write one row a line",
            )
        if line.strip():
            yield FileRow(where, _parsed(line, where, shape))
        number += 1


def _array(path: Path, file: IO[bytes]) -> Iterator[FileRow]:
    content = file.read(_MAX_ARRAY_BYTES + 1)
    if len(content) > _MAX_ARRAY_BYTES:
        raise DataError(f"{path} is one JSON array of more than 1 GiB", hint="write JSON Lines: one row a line")
    for number, value in enumerate(_parsed(content, str(path), _SHAPE), 1):
        yield FileRow(f"{path}, row {number}", value)


def _parquet(path: Path) -> Iterator[FileRow]:
    import pyarrow
    import pyarrow.parquet

    number = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(256):
                for value in batch.to_pylist():
                    number += 1
                    yield FileRow(
                        f"{path}, row {number}", {key: part for key, part in value.items() if part is not None}
                    )
    except pyarrow.ArrowInvalid as error:
        raise DataError(f"{path} is not Parquet: {error}", hint="save it again") from error


def _parsed(text: bytes, where: str, shape: str) -> Any:
    try:
        return load_strict_json(text.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DataError(
            f"{where} is not UTF-8: byte {error.start + 1} of the line is 0x{text[error.start]:02x}",
            hint="save the file as UTF-8",
        ) from error
    except ValueError as error:
        raise DataError(f"{where} is not JSON: {error}", hint=f"write one row a line: {shape}") from error
