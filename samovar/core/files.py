"""Files written whole or not at all, and locks that a crash releases."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from samovar.core.errors import BusyError, CorruptError, MissingError, ResourceError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_PLACE = {errno.ENOTDIR, errno.ENOENT, errno.EEXIST}
"""Below a file, in a folder of the system as /proc, or where a file is and a folder must be."""


@contextmanager
def naming_os_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's refusal to write ``path`` into a ResourceError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise ResourceError(
                f"{path} cannot be written: the disk is full",
                hint="free some space and run the same command again: it goes on where it stopped",
            ) from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise ResourceError(
                f"{path} cannot be written: {error.strerror}", hint="check who owns the folder"
            ) from error
        if error.errno in _NO_PLACE:
            raise ResourceError(f"{path} cannot be made: {error.strerror}", hint="name another place") from error
        raise


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write ``content`` beside ``path`` and rename it into place, so that a crash leaves the old file or the new."""
    _write_atomic(path, [content.encode() if isinstance(content, str) else content])


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented UTF-8 JSON, atomically."""
    write_atomic(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def write_json_lines(path: Path, rows: Iterable[Any]) -> None:
    """Write ``rows`` as UTF-8 JSON Lines, one a line, atomically; one of them is in memory at a time."""
    _write_atomic(path, (json_line(row).encode() for row in rows))


def _write_atomic(path: Path, parts: Iterable[bytes]) -> None:
    temporary = path.with_name(f"{path.name}.tmp{os.getpid()}")
    with naming_os_errors(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                file.writelines(parts)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def json_line(row: Any) -> str:
    """``row`` as a line of JSON Lines, with its end."""
    return json.dumps(row, ensure_ascii=False) + "\n"


def read_json(path: Path) -> Any:
    """Read a JSON file of ours.

    Raises:
        MissingError: there is no such file.
        CorruptError: it is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise MissingError(f"{path} does not exist") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise CorruptError(f"{path} is not valid JSON: {error}", hint="delete it and make it again") from error


def read_config_file(path: Path, *, of: str, hint: str, again: str) -> dict[str, Any]:
    """The JSON object in ``path``, by which a folder is known to be that of a model, say.

    Args:
        of: what such a folder holds.
        hint: what to do where there is none.
        again: and where it is damaged.
    Raises:
        MissingError: there is none; says what is there.
        CorruptError: it is not a JSON object.
    """
    folder = path.parent
    if not path.is_file():
        there = ", ".join(sorted(one.name for one in folder.iterdir())[:8]) if folder.is_dir() else "no such folder"
        raise MissingError(f"{folder} holds no {of}: {path.name} is missing (found: {there or 'nothing'})", hint=hint)
    config = read_json(path)
    if not isinstance(config, dict):
        raise CorruptError(f"{path} is not a JSON object", hint=again)
    return config


def fingerprint(value: Any) -> str:
    """A stable hash of a JSON-able value: 64 hexadecimal digits."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def exclusive_lock(path: Path, *, what: str) -> Iterator[None]:
    """Hold ``path`` as a lock; the kernel drops it when the process ends, however it ends.

    Raises:
        BusyError: another process holds it.
    """
    with _locked(path, what) as file:
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


def _locked(path: Path, what: str) -> IO[str]:
    """The file at ``path``, locked.

    A holder that is done may remove it between our opening and our locking it. What we hold then is no lock, as the
    next process makes a new file: we do so ourselves.
    """
    while True:
        with naming_os_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            with file:
                file.seek(0)
                holder = file.read().strip() or "unknown"
            raise BusyError(
                f"{what} is already in use by another samovar process (process {holder})",
                hint="wait until it ends, or stop it with Ctrl-C: nothing is lost",
            ) from error
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()
