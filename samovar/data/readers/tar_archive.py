"""Tar archives, packed or not, read as a stream: every member is read as a file of its own.

The headers are read here, a block at a time: the standard library reads an extended header of any size into memory.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, BinaryIO, NamedTuple, cast

from samovar.data.document import Document
from samovar.data.readers.facts import iso_time
from samovar.data.readers.input_file import InputFile, UnreadableError
from samovar.data.readers.members import MAX_MEMBERS, begin_archive, leave_out, read_member

SUFFIXES = (".tar",)

_BLOCK_BYTES = 512
_MAX_HEADER_BYTES = 1 << 20
_KINDS = {
    tarfile.LNKTYPE: "a link, which is not followed",
    tarfile.SYMTYPE: "a link, which is not followed",
    tarfile.CHRTYPE: "not a regular file",
    tarfile.BLKTYPE: "not a regular file",
    tarfile.FIFOTYPE: "not a regular file",
    tarfile.GNUTYPE_SPARSE: "a sparse file, which no reader here opens",
}


class _Member(NamedTuple):
    name: str
    size_bytes: int
    modified: float
    reason: str


def has_magic(head: bytes) -> bool:
    """Whether the first block is a tar header with a right checksum."""
    if len(head) < _BLOCK_BYTES or head[257:262] != b"ustar":
        return False
    try:
        tarfile.TarInfo.frombuf(head[:_BLOCK_BYTES], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def read(file: InputFile) -> Iterator[Document]:
    """The documents of every member, in the archive's order."""
    begin_archive(file)
    with file.open() as stream:
        for number, (member, content) in enumerate(_members(stream)):
            if number >= MAX_MEMBERS:
                raise UnreadableError(f"more than {MAX_MEMBERS:,} files in it; the rest was not read")
            if member.reason:
                leave_out(file, member.name, member.reason, member.size_bytes)
                continue
            yield from read_member(
                file,
                member.name,
                partial(_as_is, content),
                size_bytes=member.size_bytes,
                meta={"member": member.name, "modified": iso_time(member.modified)},
            )


def _members(stream: BinaryIO) -> Iterator[tuple[_Member, BinaryIO]]:
    extended: dict[str, str] = {}
    while True:
        block = stream.read(_BLOCK_BYTES)
        if len(block) < _BLOCK_BYTES or block.count(0) == _BLOCK_BYTES:
            return
        try:
            header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise UnreadableError("a damaged tar archive") from error
        content = _Content(stream, _size(extended, header.size))
        if header.type in {tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE}:
            extended |= _extended_header(_bounded(content))
        elif header.type == tarfile.GNUTYPE_LONGNAME:
            extended["path"] = _bounded(content).rstrip(b"\0").decode("utf-8", "surrogateescape")
        elif header.isdir() or header.name.endswith("/"):
            extended = {}
        elif header.type not in {tarfile.GNUTYPE_LONGLINK, tarfile.XGLTYPE}:
            is_sparse = any(key.startswith("GNU.sparse") for key in extended)
            reason = _KINDS[tarfile.GNUTYPE_SPARSE] if is_sparse else _KINDS.get(header.type, "")
            name = extended.get("path", header.name)
            yield (
                _Member(name, content.size_bytes, header.mtime, reason),
                cast(BinaryIO, io.BufferedReader(content)),
            )
            extended = {}
        content.skip()


def _size(extended: dict[str, str], size_bytes: int) -> int:
    size = extended.get("size", "")
    size_bytes = int(size) if size.isdecimal() and len(size) < 20 else size_bytes
    if size_bytes < 0:
        raise UnreadableError("a damaged tar archive")
    return size_bytes


def _bounded(content: _Content) -> bytes:
    if content.size_bytes > _MAX_HEADER_BYTES:
        raise UnreadableError("a tar archive with a header of over a megabyte")
    return io.BufferedReader(content).read()


def _extended_header(data: bytes) -> dict[str, str]:
    """The records of a pax header: `length key=value`, each with a newline."""
    values: dict[str, str] = {}
    while data:
        length_text, _, rest = data.partition(b" ")
        if not length_text.isdigit() or len(length_text) > 8 or not len(length_text) < int(length_text) <= len(data):
            break
        length = int(length_text)
        key, _, value = rest[: length - len(length_text) - 2].partition(b"=")
        values[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        data = data[length:]
    return values


class _Content(io.RawIOBase):
    """The bytes of one member, read from the archive's stream."""

    def __init__(self, stream: BinaryIO, size_bytes: int) -> None:
        self._stream = stream
        self.size_bytes = size_bytes
        self._left_bytes = size_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(min(len(buffer), self._left_bytes))
        if not data and self._left_bytes:
            raise UnreadableError("a tar archive that breaks off")
        self._left_bytes -= len(data)
        buffer[: len(data)] = data
        return len(data)

    def skip(self) -> None:
        """Go to the next header."""
        left_bytes = self._left_bytes + -self.size_bytes % _BLOCK_BYTES
        while left_bytes > 0:
            data = self._stream.read(min(left_bytes, 1 << 20))
            if not data:
                return
            left_bytes -= len(data)
        self._left_bytes = 0


def _as_is(content: BinaryIO) -> AbstractContextManager[BinaryIO]:
    return nullcontext(content)
