"""Files inside files: members of archives and attachments, each read as a file of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from samovar.data.account import FileAccount
from samovar.data.document import Document
from samovar.data.encoding import BLOCK_BYTES
from samovar.data.readers.compression import Budget
from samovar.data.readers.input_file import InputFile, UnreadableError
from samovar.data.readers.problems import BombError

# An archive in an archive in an archive is read, one more is not.
MAX_DEPTH = 3
MAX_MEMBERS = 1_000_000

OpenMember = Callable[[], AbstractContextManager[BinaryIO]]


def begin_archive(file: InputFile) -> Budget:
    """Set how much may be unpacked from ``file`` and from all that lies in it.

    Raises:
        UnreadableError: it lies in too many archives.
    """
    if file.depth >= MAX_DEPTH:
        raise UnreadableError(f"an archive inside {MAX_DEPTH} archives, which is as deep as is read")
    if file.budget is None:
        file.budget = Budget(file.path.stat().st_size)
    return file.budget


def read_member(
    archive: InputFile,
    name: str,
    open_member: OpenMember,
    *,
    size_bytes: int,
    meta: dict[str, str] | None = None,
    budget: Budget | None = None,
) -> Iterator[Document]:
    """The documents of a member, called ``archive!/name``. It gets a row of its own in the archive's account.

    A name may come again, as in a tar that was added to: the second is called ``(2) name``.

    Its bytes go into a temporary file with a name of ours, so that no name in an archive can lead
    elsewhere, and are gone afterwards. ``budget`` pays for them, where the stream does not itself.
    """
    from samovar.data.readers import read_file

    row = FileAccount(
        f"{archive.name}!/{_new_name(archive, printable_name(name))}", size_bytes, reason=why_left_out(archive, name)
    )
    if not row.reason and not size_bytes:
        row.reason = "empty file"
    if row.reason:
        archive.account.add_member(row)
        return
    with tempfile.NamedTemporaryFile(prefix="samovar-") as copy:
        try:
            _copy(open_member, copy, budget)
        except UnreadableError as error:
            row.reason = str(error)
            archive.account.add_member(row)
            if isinstance(error, BombError):
                raise
            return
        row.size_bytes = copy.tell()
        member = replace(
            archive,
            path=Path(copy.name),
            name=row.file,
            account=row,
            meta=archive.meta | (meta or {}),
            is_copy=True,
            depth=archive.depth + 1,
            compression="",
        )
        yield from row.counted(read_file(member))
    archive.account.add_member(row)


def _new_name(archive: InputFile, name: str) -> str:
    """``name`` with a number where it was met in the archive before, so that no two documents have one id."""
    archive.times_named[name] += 1
    number = archive.times_named[name]
    if number == 1:
        return name
    folder, slash, base = name.rpartition("/")
    return _new_name(archive, f"{folder}{slash}({number}) {base}")


def _copy(open_member: OpenMember, copy: IO[bytes], budget: Budget | None) -> None:
    with open_member() as stream:
        while block := stream.read(BLOCK_BYTES):
            if budget is not None:
                budget.spend(len(block))
            copy.write(block)
    copy.flush()


def leave_out(archive: InputFile, name: str, reason: str, size_bytes: int = 0) -> None:
    """Give a member that is not read a row with its reason."""
    archive.account.add_member(FileAccount(f"{archive.name}!/{printable_name(name)}", size_bytes, reason=reason))


def why_left_out(archive: InputFile, name: str) -> str:
    """The reason why a member of this name is not read; '' where it is."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or (len(name) > 1 and name[1] == ":"):
        return "a name that leads out of the archive"
    if any(part.startswith((".", "~$")) or part == "__MACOSX" for part in path.parts):
        return "hidden"
    if any(fnmatchcase(candidate, pattern) for pattern in archive.skip for candidate in (str(path), path.name)):
        return "left out by data.skip"
    return ""


def printable_name(name: str) -> str:
    """``name`` without characters that would break a report's line."""
    name = name.encode("utf-8", "backslashreplace").decode()
    return "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in name)[:500]


def text_of_page(file: InputFile, page: str) -> str:
    """The text of a page inside ``file``, such as the body of a letter; parsed in a child process."""
    from samovar.data.readers.isolation import read_isolated
    from samovar.data.readers.registry import format_named

    with tempfile.NamedTemporaryFile(prefix="samovar-") as copy:
        copy.write(page.encode("utf-8", "replace"))
        copy.flush()
        inner = InputFile(Path(copy.name), file.name, FileAccount(file.name))
        return "".join(document.text for document in read_isolated(inner, format_named("html")))
