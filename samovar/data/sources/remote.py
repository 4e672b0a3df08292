"""Files at a URI that fsspec opens: s3, gs, hf, http and whatever else it has a driver for.

Files are copied one at a time into a scratch folder, read there as any file is, and removed. fsspec is imported when
such a source is used and not before; the drivers of clouds are the user's to install.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import xxhash

from samovar.core.errors import ConfigError, MissingError, ResourceError
from samovar.core.extras import require
from samovar.data.account import FileAccount, ReadingAccount
from samovar.data.document import Document
from samovar.data.encoding import BLOCK_BYTES
from samovar.data.readers import InputFile, read_file
from samovar.data.readers.facts import facts_of_card, iso_time
from samovar.data.settings import DataSettings, SourceSettings

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(?:://|::)")
# Passwords before a host, and signed queries.
_SECRETS = re.compile(r"(?<=://)[^/@\s]*@|\?\S*(?:token|sig|key|secret|credential)[^\s=]*=\S*", re.IGNORECASE)
# Stores say by one of these when or whether an object changed.
_VERSION_KEYS = ("ETag", "etag", "md5Hash", "oid", "blob_id", "mtime", "LastModified", "updated", "created", "name")
_CARD_LEVELS = 3
_CARD_BYTES = 20_000


class RemoteFile(NamedTuple):
    """A file of a remote source: to be read, or with a reason why not."""

    path: str
    name: str
    size_bytes: int
    version: str
    modified: str = ""
    reason: str = ""


def is_uri(path: str) -> bool:
    """Whether a source's path is a URI."""
    return _URI.match(path) is not None


class RemoteSource:
    """Reads every file at and below a URI, in the order of their names. Holds the list of files in memory."""

    def __init__(self, source: SourceSettings, *, settings: DataSettings, scratch: Path | None = None) -> None:
        self._uri = source.path or ""
        # A password in a URI must not get into reports.
        self.label = _SECRETS.sub("", self._uri).rstrip("/")
        self._source = source
        self._settings = settings
        self._scratch = scratch

    def documents(self, account: ReadingAccount) -> Iterator[Document]:
        """The documents of every file; what cannot be read is a row of ``account``."""
        system, files = self._list()
        cards = _Cards(system, files)
        for found in files:
            row = FileAccount(found.name, found.size_bytes, reason=found.reason)
            if not found.reason:
                for document in self._read(system, found, row, cards.of(found)):
                    row.documents += 1
                    row.characters += len(document.text)
                    yield document
            account.close_file(row)

    def fingerprint(self) -> dict[str, str]:
        """A hash of names, sizes and what the store says of versions."""
        digest = xxhash.xxh3_128()
        for found in self._list()[1]:
            digest.update(f"{found.name}\0{found.size_bytes}\0{found.version}\0{found.reason}\n".encode())
        return {self.label: digest.hexdigest()}

    def _read(self, system: Any, found: RemoteFile, row: FileAccount, facts: dict[str, str]) -> Iterator[Document]:
        with tempfile.NamedTemporaryFile(dir=self._scratch, prefix="samovar-") as copy:
            try:
                with system.open(found.path, "rb") as stream:
                    shutil.copyfileobj(stream, copy, BLOCK_BYTES)
                copy.flush()
            except Exception as error:  # each driver has errors of its own
                row.reason = f"cannot be read: {_said(error)}"
                return
            row.size_bytes = copy.tell()
            file = InputFile(
                Path(copy.name),
                found.name,
                row,
                text_field=self._source.text_field,
                separator=self._source.separator,
                max_document_characters=self._settings.max_document_characters,
                ocr=self._source.ocr,
                skip=tuple(self._settings.skip),
                scratch=self._scratch,
                meta={"url": found.name} | ({"modified": found.modified} if found.modified else {}) | facts,
                is_copy=True,
            )
            yield from read_file(file)

    def _list(self) -> tuple[Any, list[RemoteFile]]:
        """The file system and what there is, sorted.

        Raises:
            ConfigError: no driver is known for the scheme.
            MissingError: the driver is not installed, or there is nothing at the URI.
            ResourceError: the store cannot be reached, or refuses.
        """
        fsspec = require("fsspec", extra="data")
        scheme = self._uri.partition(":")[0]
        try:
            system, top = fsspec.core.url_to_fs(self._uri)
        except ImportError as error:
            raise MissingError(f"{self.label} cannot be opened: {error}", hint=_driver_hint(scheme)) from error
        except ValueError as error:
            raise ConfigError(
                f"{self.label} cannot be opened: {error}", hint="fsspec's documentation lists the schemes it knows"
            ) from error
        try:
            listed = _listing(system, top)
        except FileNotFoundError as error:
            raise MissingError(
                f"the source of documents {self.label} does not exist", hint="see that the URI is right"
            ) from error
        except Exception as error:  # each driver has errors of its own
            raise ResourceError(
                f"{self.label} cannot be listed: {_said(error)}", hint="see that it can be reached, and the credentials"
            ) from error
        return system, [self._found(top, path, listed[path]) for path in sorted(listed)]

    def _found(self, top: str, path: str, info: dict[str, Any]) -> RemoteFile:
        relative = path.removeprefix(top).strip("/")
        name = f"{self.label}/{relative}" if relative else self.label
        size_bytes = info.get("size") if isinstance(info.get("size"), int) else 0
        version = next((str(info[key]) for key in _VERSION_KEYS if info.get(key)), "")
        reason = self._why_skipped(relative, name)
        if not reason and info.get("size") == 0:
            reason = "empty file"
        return RemoteFile(path, name, size_bytes or 0, version, _modified(info), reason)

    def _why_skipped(self, relative: str, name: str) -> str:
        parts = PurePosixPath(relative).parts
        if any(part.startswith((".", "~$")) for part in parts):
            return "hidden"
        folders = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
        candidates = [name, *parts, *folders]
        if any(fnmatchcase(candidate, pattern) for pattern in self._settings.skip for candidate in candidates):
            return "left out by data.skip"
        return ""


class _Cards:
    """The licences in the cards of data sets among the files."""

    def __init__(self, system: Any, files: list[RemoteFile]) -> None:
        self._system = system
        self._paths = {found.path for found in files if found.path.endswith("README.md")}
        self._known: dict[str, dict[str, str]] = {}

    def of(self, found: RemoteFile) -> dict[str, str]:
        for folder in list(PurePosixPath(found.path).parents)[:_CARD_LEVELS]:
            if (path := str(folder / "README.md")) in self._paths:
                if path not in self._known:
                    self._known[path] = self._read(path)
                return self._known[path]
        return {}

    def _read(self, path: str) -> dict[str, str]:
        try:
            with self._system.open(path, "rb") as stream:
                return facts_of_card(stream.read(_CARD_BYTES).decode("utf-8", "replace"))
        except Exception:  # the file itself gets its row with the reason
            return {}


def _listing(system: Any, top: str) -> dict[str, dict[str, Any]]:
    """What the store says of every file. A page of the web is one file, whatever it links to."""
    protocols = (system.protocol,) if isinstance(system.protocol, str) else system.protocol
    info = system.info(top)
    if info.get("type") == "file" or "http" in protocols:
        return {top: info}
    listed: dict[str, dict[str, Any]] = system.find(top, detail=True)
    return listed


def _modified(info: dict[str, Any]) -> str:
    for key in ("LastModified", "mtime", "updated", "last_modified", "created"):
        value = info.get(key)
        if isinstance(value, datetime):
            return value.isoformat(timespec="seconds")
        if isinstance(value, int | float):
            return iso_time(value)
        if isinstance(value, str) and value:
            return value[:40]
    return ""


def _said(error: Exception) -> str:
    """What a driver's error says, in a line, without passwords."""
    return _SECRETS.sub("", " ".join(f"{type(error).__name__}: {error}".split()))[:200]


def _driver_hint(scheme: str) -> str:
    known = require("fsspec.registry", extra="data").known_implementations.get(scheme, {})
    return str(known.get("err") or f"install fsspec's driver for {scheme}")
