"""Files at a URI that fsspec opens: s3, gs, hf, http and whatever else it has a driver for.

Files are copied one at a time into the system's temporary folder, read there as any file is, and removed. fsspec is
imported when such a source is used and not before; the drivers of clouds are the user's to install.
"""

from __future__ import annotations

import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

import xxhash

from samovar.core.errors import ConfigError, MissingError, ResourceError
from samovar.core.extras import require
from samovar.data.account import FileAccount, ReadingAccount
from samovar.data.document import Document
from samovar.data.encoding import BLOCK_BYTES
from samovar.data.readers import InputFile, read_file
from samovar.data.readers.facts import facts_of_card, iso_time
from samovar.data.settings import DataSettings, SourceSettings
from samovar.data.uri import shown_uri

# Stores say by one of these when or whether an object changed.
_VERSION_KEYS = ("ETag", "etag", "md5Hash", "oid", "blob_id", "mtime", "LastModified", "updated", "created", "name")
_CARD_LEVELS = 3
_CARD_BYTES = 20_000


@dataclass(frozen=True)
class RemoteUnit:
    """A file of a remote source: to be read, or with a reason why not. It can be pickled."""

    uri: str
    """Of the source."""
    path: str
    url: str
    """Of the file, as its documents show it."""
    name: str
    size_bytes: int
    version: str
    reason: str
    facts: dict[str, str]
    source: SourceSettings
    max_document_characters: int
    skip: tuple[str, ...]

    def identity(self) -> list[Any]:
        """Name, size, what the store says of its version, how it is read, and what is known of it."""
        how = [self.source.text_field, self.source.separator, self.source.ocr, self.max_document_characters, *self.skip]
        return [self.name, self.size_bytes, self.version, self.reason, how, self.facts]

    def documents(self, account: ReadingAccount) -> Iterator[Document]:
        """The documents of the file; what cannot be read is a row of ``account``."""
        row = FileAccount(self.name, self.size_bytes, reason=self.reason)
        if not row.reason:
            yield from row.counted(self._read(row))
        account.close_file(row)

    def _read(self, row: FileAccount) -> Iterator[Document]:
        system, _ = open_uri(self.uri)
        with tempfile.NamedTemporaryFile(prefix="samovar-") as copy:
            try:
                with system.open(self.path, "rb") as stream:
                    shutil.copyfileobj(stream, copy, BLOCK_BYTES)
                copy.flush()
            except Exception as error:  # each driver has errors of its own
                row.reason = f"cannot be read: {said(error)}"
                return
            row.size_bytes = copy.tell()
            file = InputFile(
                Path(copy.name),
                self.name,
                row,
                text_field=self.source.text_field,
                separator=self.source.separator,
                max_document_characters=self.max_document_characters,
                ocr=self.source.ocr,
                skip=self.skip,
                meta={"url": self.url} | self.facts,
                is_copy=True,
            )
            yield from read_file(file)


def said(error: Exception) -> str:
    """What a driver's error says, in a line, without passwords."""
    return shown_uri(" ".join(f"{type(error).__name__}: {error}".split()))[:200]


class RemoteSource:
    """Reads every file at and below a URI, in the order of their names. Holds the list of files in memory."""

    def __init__(self, source: SourceSettings, *, settings: DataSettings) -> None:
        self._uri = source.path or ""
        self.label = source.label.rstrip("/")
        self._source = source
        self._settings = settings

    def units(self) -> Iterator[RemoteUnit]:
        """Every file, in the order of their names."""
        system, top = open_uri(self._uri)
        listed = self._listed(system, top)
        cards = _Cards(system, set(listed))
        for path in sorted(listed):
            yield self._unit(top, path, listed[path], cards.of(path))

    def documents(self, account: ReadingAccount) -> Iterator[Document]:
        """The documents of every file; what cannot be read is a row of ``account``."""
        for unit in self.units():
            yield from unit.documents(account)

    def fingerprint(self) -> dict[str, str]:
        """A hash of names, sizes and what the store says of versions."""
        digest = xxhash.xxh3_128()
        for unit in self.units():
            digest.update(f"{unit.name}\0{unit.size_bytes}\0{unit.version}\0{unit.reason}\0{unit.facts}\n".encode())
        return {self.label: digest.hexdigest()}

    def _listed(self, system: Any, top: str) -> dict[str, dict[str, Any]]:
        """What the store says of every file.

        Raises:
            MissingError: there is nothing at the URI.
            ResourceError: the store cannot be reached, or refuses.
        """
        try:
            return _listing(system, top)
        except FileNotFoundError as error:
            raise MissingError(
                f"the source of documents {self.label} does not exist", hint="see that the URI is right"
            ) from error
        except Exception as error:  # each driver has errors of its own
            raise ResourceError(
                f"{self.label} cannot be listed: {said(error)}", hint="see that it can be reached, and the credentials"
            ) from error

    def _unit(self, top: str, path: str, info: dict[str, Any], card: dict[str, str]) -> RemoteUnit:
        relative = path.removeprefix(top).strip("/")
        name, url = (
            f"{place}/{relative}" if relative else place for place in (self.label, shown_uri(self._uri).rstrip("/"))
        )
        size_bytes = info["size"] if isinstance(info.get("size"), int) else 0
        modified = _modified(info)
        return RemoteUnit(
            uri=self._uri,
            path=path,
            url=url,
            name=name,
            size_bytes=size_bytes,
            version=next((str(info[key]) for key in _VERSION_KEYS if info.get(key)), ""),
            reason=self._why_skipped(relative, name) or ("empty file" if info.get("size") == 0 else ""),
            facts=({"modified": modified} if modified else {}) | card,
            source=self._source,
            max_document_characters=self._settings.max_document_characters,
            skip=tuple(self._settings.skip),
        )

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

    def __init__(self, system: Any, paths: set[str]) -> None:
        self._system = system
        self._paths = paths
        self._known: dict[str, dict[str, str]] = {}

    def of(self, path: str) -> dict[str, str]:
        """What the card nearest to the file at ``path`` says."""
        for folder in list(PurePosixPath(path).parents)[:_CARD_LEVELS]:
            if (card := str(folder / "README.md")) in self._paths:
                if card not in self._known:
                    self._known[card] = self._read(card)
                return self._known[card]
        return {}

    def _read(self, path: str) -> dict[str, str]:
        try:
            with self._system.open(path, "rb") as stream:
                return facts_of_card(stream.read(_CARD_BYTES).decode("utf-8", "replace"))
        except Exception:  # the file itself gets its row with the reason
            return {}


def open_uri(uri: str) -> tuple[Any, str]:
    """The file system of a URI, and the path in it.

    Raises:
        ConfigError: no driver is known for the scheme.
        MissingError: the driver is not installed.
    """
    fsspec = require("fsspec", extra="data")
    shown = shown_uri(uri)
    try:
        system, top = fsspec.core.url_to_fs(uri)
    except ImportError as error:
        hint = _driver_hint(uri.partition(":")[0])
        raise MissingError(f"{shown} cannot be opened: {error}", hint=hint) from error
    except ValueError as error:
        raise ConfigError(
            f"{shown} cannot be opened: {error}", hint="fsspec's documentation lists the schemes it knows"
        ) from error
    return system, top


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


def _driver_hint(scheme: str) -> str:
    known = require("fsspec.registry", extra="data").known_implementations.get(scheme, {})
    package = str(known.get("class", "")).partition(".")[0]
    if package in {"", "fsspec"}:  # a driver of fsspec's own, which says what it needs
        return str(known.get("err") or f"install fsspec's driver for {scheme}")
    return f"{shlex.quote(sys.executable)} -m pip install {package}"
