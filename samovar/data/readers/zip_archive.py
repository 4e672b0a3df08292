"""Zip archives: every member is read as a file of its own."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from zipfile import ZipInfo

from samovar.data.document import Document
from samovar.data.encoding import decoded_name
from samovar.data.readers.input_file import InputFile, UnreadableError
from samovar.data.readers.members import MAX_MEMBERS, begin_archive, leave_out, read_member
from samovar.data.readers.zip_container import ZipContainer

SUFFIXES = (".zip",)

_HAS_UTF8_NAME = 0x800


def has_magic(head: bytes) -> bool:
    """Whether it is a zip file; what else it may be is seen by the names inside."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def read(file: InputFile) -> Iterator[Document]:
    """The documents of every member, in the order of the archive's list."""
    budget = begin_archive(file)
    with file.on_disk() as path, ZipContainer(path) as container:
        for number, member in enumerate(container.members):
            if number >= MAX_MEMBERS:
                raise UnreadableError(f"more than {MAX_MEMBERS:,} files in it; the rest was not read")
            name = _name(member)
            if member.is_dir():
                continue
            if stat.S_ISLNK(member.external_attr >> 16):
                leave_out(file, name, "a link, which is not followed")
                continue
            yield from read_member(
                file,
                name,
                partial(container.open, member),
                size_bytes=member.file_size,
                meta={"member": name} | _modified(member),
                budget=budget,
            )


def _name(member: ZipInfo) -> str:
    """The member's name. Without a flag it is in the code page of the machine that packed it: in Russia cp866."""
    if member.flag_bits & _HAS_UTF8_NAME or member.filename.isascii():
        return member.filename
    return decoded_name(member.filename.encode("cp437", "replace"))


def _modified(member: ZipInfo) -> dict[str, str]:
    """The time of change: local to whoever packed it, so without a zone."""
    try:
        return {"modified": datetime(*member.date_time, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%S")}
    except ValueError:
        return {}
