"""A corpus copied to a URI that fsspec opens, as s3://bucket/corpus, for machines elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from samovar.core.artifact import MANIFEST
from samovar.core.errors import ConfigError, MissingError, ResourceError, SamovarError
from samovar.data.sources.remote import open_uri, said
from samovar.data.uri import is_uri, shown_uri

_MARK = "INCOMPLETE"
# Elsewhere folders are but names, and to make one could make a bucket of a mistyped name.
_HAVE_FOLDERS = {"file", "local", "sftp", "ssh", "ftp", "smb", "hdfs", "arrow_hdfs", "webhdfs", "dbfs"}
_SHARD = re.compile(r"(train|validation)-\d{5}\.parquet")
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def publish(folder: Path, uri: str, *, advance: Callable[[int], None] = lambda size_bytes: None) -> int:
    """Copy the corpus in ``folder`` to ``uri``, over an earlier one; give the number of files.

    The manifest there goes first and comes last: while there is one, the corpus is whole. What lies hidden in
    ``folder`` (results kept for the next run, rules of forgetting) stays here. Shards of an earlier corpus that this
    one does not have are removed; other files are never.

    Args:
        folder: of a corpus.
        uri: where it goes; what is there must be a corpus, or nothing.
        advance: called with the bytes of every file that is copied.

    Raises:
        MissingError: there is no whole corpus in ``folder``, or no driver for the URI.
        ConfigError: ``uri`` is none, or something else is there.
        ResourceError: the store cannot be reached, or refuses.
    """
    if not is_uri(uri):
        raise ConfigError(f"{uri} is no URI", hint="name one as s3://bucket/corpus; a folder is named with --out")
    names = files_to_publish(folder)
    system, top = open_uri(uri)
    top = top.rstrip("/")
    try:
        there = _names_there(system, top)
        if there and not there & {MANIFEST, _MARK}:
            raise ConfigError(f"{shown_uri(uri)} holds something else", hint="name another place")
        if _HAVE_FOLDERS & _protocols(system):
            system.makedirs(top, exist_ok=True)
        system.pipe_file(f"{top}/{_MARK}", b"This copy of a corpus is not whole yet.\n")
        if MANIFEST in there:
            system.rm_file(f"{top}/{MANIFEST}")
        for name in sorted(there - set(names)):
            if _SHARD.fullmatch(name):
                system.rm_file(f"{top}/{name}")
        for name in names:
            if name == MANIFEST:
                system.pipe_file(f"{top}/{name}", _shown_manifest(folder / name))
            else:
                system.put_file(str(folder / name), f"{top}/{name}")
            advance((folder / name).stat().st_size)
        system.rm_file(f"{top}/{_MARK}")
    except SamovarError:
        raise
    except Exception as error:  # each driver has errors of its own
        raise ResourceError(
            f"{shown_uri(uri)} cannot be written: {said(error)}",
            hint="see that it can be reached, and the credentials; then run the same command again",
        ) from error
    return len(names)


def files_to_publish(folder: Path) -> list[str]:
    """The names of the files of the corpus in ``folder``, the manifest last.

    Raises:
        MissingError: there is no whole corpus.
    """
    if not (folder / MANIFEST).is_file():
        raise MissingError(f"{folder} holds no corpus", hint="make it with `samovar data`")
    names = [path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    return sorted(names, key=lambda name: (name == MANIFEST, name))


def _shown_manifest(manifest: Path) -> bytes:
    """Without the passwords of URIs that were read: here the next run needs them, elsewhere nobody."""
    text = manifest.read_text(encoding="utf-8")
    return _JSON_STRING.sub(lambda found: shown_uri(found[0][:-1]) + '"', text).encode()


def _protocols(system: Any) -> set[str]:
    return {system.protocol} if isinstance(system.protocol, str) else set(system.protocol)


def _names_there(system: Any, top: str) -> set[str]:
    try:
        return {path.removeprefix(top).lstrip("/") for path in system.find(top)}
    except FileNotFoundError:
        return set()
