"""A zip file opened with care: a bounded list of its members, and bounded reading of each."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, cast

from samovar.core.progress import short_bytes
from samovar.data.readers.compression import FREE_BYTES, MAX_RATIO
from samovar.data.readers.problems import UnreadableError

# The list of members is held in memory, about ten times its size in the file: this is 700,000 members.
_MAX_LIST_BYTES = 64 << 20
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2}
_IS_ENCRYPTED = 1
_END = b"PK\x05\x06"
_END_64 = b"PK\x06\x07"


class ZipContainer:
    """The members of a zip file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        try:
            _check_list_size(self._file)
            self._zip = zipfile.ZipFile(self._file)
        except (zipfile.BadZipFile, ValueError, LookupError, NotImplementedError, struct.error) as error:
            self._file.close()
            raise UnreadableError("a damaged zip container") from error
        except (UnreadableError, OSError):
            self._file.close()
            raise
        self.members = self._zip.infolist()
        self.names = frozenset(member.filename for member in self.members)

    def __enter__(self) -> ZipContainer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()
        self._file.close()

    @contextmanager
    def open(self, member: zipfile.ZipInfo) -> Iterator[BinaryIO]:
        """The bytes of a member as a stream.

        Raises:
            UnreadableError: it is encrypted, damaged, or packed in a way that is not read here.
        """
        if member.flag_bits & _IS_ENCRYPTED:
            raise UnreadableError("protected with a password")
        if member.compress_type not in _METHODS:
            raise UnreadableError(f"packed by a method that no reader here opens ({member.compress_type})")
        try:
            with self._zip.open(member) as stream:
                yield cast(BinaryIO, stream)
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError) as error:
            raise UnreadableError("damaged in its zip container") from error
        except OSError as error:
            if error.errno:
                raise
            raise UnreadableError("damaged in its zip container") from error

    def read_start(self, name: str, size_bytes: int) -> bytes:
        """The first bytes of the member called ``name``; empty where they cannot be read."""
        try:
            with self.open(self._zip.getinfo(name)) as stream:
                return stream.read(size_bytes)
        except UnreadableError:
            return b""

    @contextmanager
    def part(self, name: str) -> Iterator[BinaryIO]:
        """A part of a document, as a stream that ends with an error where it is too large for an honest one.

        Raises:
            UnreadableError: it is missing, or for the reasons of ``open``.
        """
        try:
            member = self._zip.getinfo(name)
        except KeyError as error:
            raise UnreadableError(f"damaged: its part {name[:80]} is missing") from error
        if member.file_size > max(FREE_BYTES, MAX_RATIO * member.compress_size):
            raise UnreadableError(
                f"its part {name[:80]} unpacks to {short_bytes(member.file_size)}, as a zip bomb does"
            )
        # What zipfile gives never exceeds the size that was just checked.
        with self.open(member) as stream:
            yield stream


def _check_list_size(file: BinaryIO) -> None:
    """See that the list of members fits into memory before it is read."""
    size_bytes = file.seek(0, 2)
    file.seek(max(0, size_bytes - (1 << 16) - 22))
    tail = file.read()
    place = tail.rfind(_END)
    if place < 0 or len(tail) < place + 22:
        raise UnreadableError("a damaged zip container: it breaks off")
    (list_bytes,) = struct.unpack_from("<I", tail, place + 12)
    if place >= 20 and tail[place - 20 : place - 16] == _END_64:
        (where,) = struct.unpack_from("<Q", tail, place - 12)
        file.seek(min(where, size_bytes))
        record = file.read(56)
        list_bytes = struct.unpack_from("<Q", record, 40)[0] if len(record) == 56 else list_bytes
    file.seek(0)
    if list_bytes > _MAX_LIST_BYTES:
        raise UnreadableError(f"a zip container whose list of members has over {short_bytes(_MAX_LIST_BYTES)}")
