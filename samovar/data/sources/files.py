"""A file, or all files below a folder, in the order of their names."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, NamedTuple

import xxhash

from samovar.core.artifact import CLOCK, SCRATCH, STATE, is_whole, partial_folder, read_manifest
from samovar.core.errors import MissingError, SamovarError
from samovar.data.account import FileAccount, ReadingAccount
from samovar.data.document import Document
from samovar.data.encoding import printable_path
from samovar.data.readers import InputFile, read_file
from samovar.data.readers.facts import card_facts
from samovar.data.readers.problems import no_access
from samovar.data.settings import DataSettings, SourceSettings

By = Literal["times", "sizes", "contents"]
"""What tells whether files are the same, beside their names and sizes."""

_HIDDEN = "hidden"
_OWN_WORK = "made by Samovar"
_COME_AND_GO = {_HIDDEN, _OWN_WORK}
"""Reasons of what changes beside the same documents: locks of open ones, ``.git``, the corpus that is made of them."""


class Reading(NamedTuple):
    """The settings that determine what a file gives."""

    text_field: str | None
    separator: str | None
    max_document_characters: int
    ocr: str | None
    skip: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileUnit:
    """One file to read, or one that is not, with the reason."""

    reading: Reading
    path: Path
    name: str
    size_bytes: int = 0
    modified_ns: int = 0
    reason: str = ""

    def identity(self) -> list[Any]:
        """Name, size, time of change, how it is read, and what the card of its data set says."""
        card = card_facts(self.path, self.name)
        return [self.name, self.size_bytes, self.modified_ns, self.reason, *self.reading, card]

    def documents(self, account: ReadingAccount) -> Iterator[Document]:
        """The documents of the file; what cannot be read is a row of ``account``."""
        row = FileAccount(self.name, self.size_bytes, reason=self.reason)
        if not row.reason:
            file = InputFile(
                self.path,
                self.name,
                account=row,
                text_field=self.reading.text_field,
                separator=self.reading.separator,
                max_document_characters=self.reading.max_document_characters,
                ocr=self.reading.ocr,
                skip=self.reading.skip,
            )
            yield from row.counted(read_file(file))
        account.close_file(row)


class FilesSource:
    """Reads every file below a path. Files met twice, by links or by overlapping sources, are read once.

    It remembers device and inode of every file and folder met: about 150 bytes each.
    """

    def __init__(
        self,
        source: SourceSettings,
        *,
        root: Path,
        settings: DataSettings,
        seen_files: set[tuple[int, int]] | None = None,
    ) -> None:
        self.label = source.label
        self._top = root / (source.path or "")
        self._reading = Reading(
            source.text_field, source.separator, settings.max_document_characters, source.ocr, tuple(settings.skip)
        )
        self._seen_files = set() if seen_files is None else seen_files

    def units(self) -> Iterator[FileUnit]:
        """Every file, each once, in the order of their names."""
        return self._walk(self._seen_files)

    def documents(self, account: ReadingAccount) -> Iterator[Document]:
        """The documents of every file; what cannot be read is a row of ``account``."""
        for unit in self.units():
            yield from unit.documents(account)

    def fingerprint(self, by: By = "times") -> dict[str, str]:
        """A hash of names and sizes, and of times of change or contents; what comes and goes does not count."""
        digest = xxhash.xxh3_128()
        for found in self._walk(set()):
            if found.reason in _COME_AND_GO:
                continue
            size, told = str(found.size_bytes), str(found.modified_ns)
            if by != "times":
                size = "" if found.reason else size  # that of a folder which is left out is the file system's affair
                told = content_hash(found.path) if by == "contents" and not found.reason else ""
            digest.update(f"{found.name}\0{size}\0{told}\0{found.reason}\n".encode())
        return {self.label: digest.hexdigest()}

    def _walk(self, seen_files: set[tuple[int, int]]) -> Iterator[FileUnit]:
        if not os.path.lexists(self._top):
            raise MissingError(
                f"the source of documents {self._top} does not exist",
                hint="put documents there, or name another place under data.sources",
            )
        walk = _Walk(self._reading, seen_files)
        return walk.below(self._top, printable_path(Path(self.label).as_posix()))


class _Walk:
    def __init__(self, reading: Reading, seen_files: set[tuple[int, int]]) -> None:
        self._reading = reading
        self._seen_files = seen_files
        self._seen_folders: set[tuple[int, int]] = set()

    def below(self, top: Path, top_name: str) -> Iterator[FileUnit]:
        """Everything at and below ``top``, depth first; a stack, as folders may be nested deeper than Python's."""
        stack = [(top, top_name)]
        while stack:
            path, name = stack.pop()
            try:
                status = path.stat()
                reason = self._why_skipped(path, name, name[len(top_name) + 1 :], status)
                if reason or not stat.S_ISDIR(status.st_mode):
                    yield FileUnit(self._reading, path, name, status.st_size, status.st_mtime_ns, reason)
                    continue
                children = sorted(os.listdir(path), reverse=True)
            except OSError as error:
                yield FileUnit(self._reading, path, name, reason=_why_unread(path, error))
                continue
            stack += [(path / child, f"{name}/{printable_path(child)}") for child in children]

    def _why_skipped(self, path: Path, name: str, relative: str, status: os.stat_result) -> str:
        base = relative.rpartition("/")[2]
        identity = (status.st_dev, status.st_ino)
        if relative and base.startswith((".", "~$")):
            return _HIDDEN
        if any(
            fnmatchcase(candidate, pattern) for pattern in self._reading.skip for candidate in (relative, base, name)
        ):
            return "left out by data.skip"
        is_folder = stat.S_ISDIR(status.st_mode)
        if not is_folder and not stat.S_ISREG(status.st_mode):
            return "not a regular file"
        # Who names such a folder as the source wants it read.
        if relative and (is_folder or path.suffix == ".lock") and _is_own_work(path):
            return _OWN_WORK
        seen = self._seen_folders if is_folder else self._seen_files
        if identity in seen:
            return "met before under another name"
        seen.add(identity)
        return "" if is_folder or status.st_size else "empty file"


def content_hash(path: Path) -> str:
    """Of the bytes of a file; of one that cannot be read nothing."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, xxhash.xxh3_128).hexdigest()
    except OSError:
        return ""


def _is_own_work(path: Path) -> bool:
    """Whether Samovar made or is making the folder, or the lock beside it: a corpus among its own documents is none.

    Read again, it would bring back what was taken out and forgotten.
    """
    if path.suffix == ".lock":
        made = path.with_suffix("")
        return _is_own_work(made) or _is_own_work(partial_folder(made))
    if path.suffix == ".partial":
        return (path / SCRATCH / CLOCK).is_file() or (path / STATE).is_dir()
    if not is_whole(path):
        return False
    try:
        read_manifest(path)
    except SamovarError:  # of another program
        return False
    return True


def _why_unread(path: Path, error: OSError) -> str:
    if path.is_symlink():
        return "a link that leads nowhere"
    return no_access(error)
