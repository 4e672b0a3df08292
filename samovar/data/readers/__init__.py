"""Readers of files, one file a format; each names its suffixes and gives documents from an ``InputFile``.

The type of a file is told by its suffix, and by its first characters where these speak plainly. A text file with an
unknown suffix is read as plain text.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import PurePath
from typing import NamedTuple

from samovar.data.document import Document
from samovar.data.readers.input_file import InputFile, UnreadableError

__all__ = ["InputFile", "read_file"]

_NOT_READERS = {"input_file"}
_SNIFFED_CHARACTERS = 4096

# Text by its bytes, but of no use as plain text.
_WITHOUT_READER = {
    ".rtf": "an RTF document",
    ".eml": "an e-mail",
    ".mbox": "a mailbox",
    ".ipynb": "a notebook",
    ".svg": "an image",
    ".xml": "XML",
    ".css": "a style sheet",
    ".map": "a source map",
}


class Format(NamedTuple):
    """A reader: its name, and what gives the documents of a file."""

    name: str
    read: Callable[[InputFile], Iterator[Document]]


@cache
def formats() -> dict[str, Format]:
    """The reader for every known suffix."""
    by_suffix: dict[str, Format] = {}
    for module_info in pkgutil.iter_modules(__path__):
        if module_info.name not in _NOT_READERS:
            module = importlib.import_module(f"{__name__}.{module_info.name}")
            by_suffix |= dict.fromkeys(module.SUFFIXES, Format(module_info.name, module.read))
    return by_suffix


def read_file(file: InputFile) -> Iterator[Document]:
    """The documents of ``file``. What cannot be read ends as a reason in its account, never as an exception."""
    try:
        if kind := _WITHOUT_READER.get(PurePath(file.name).suffix.lower()):
            raise UnreadableError(f"{kind}, which no reader here opens")
        file.find_encoding()
        chosen = choose_format(file)
        file.account.format = chosen.name
        yield from chosen.read(file)
    except UnreadableError as error:
        _end(file, str(error))
    except OSError as error:
        _end(file, f"cannot be read: {(error.strerror or type(error).__name__).lower()}")


def choose_format(file: InputFile) -> Format:
    """The reader for ``file``, by suffix and first characters."""
    by_suffix = formats()
    suffix = PurePath(file.name).suffix.lower()
    named = by_suffix.get(suffix, by_suffix[".txt"])
    if named.name != "plain_text":
        return named
    head = file.head(_SNIFFED_CHARACTERS).lstrip().lower()
    if head.startswith(("<!doctype html", "<html")):
        return by_suffix[".html"]
    if suffix != ".txt" and head.startswith('{"') and "}\n{" in head.replace("\r", ""):
        return by_suffix[".jsonl"]
    return named


def _end(file: InputFile, reason: str) -> None:
    """A file that gave documents before it broke keeps them, with the reason as a note."""
    if file.account.documents:
        file.account.note(reason)
    else:
        file.account.reason = reason
