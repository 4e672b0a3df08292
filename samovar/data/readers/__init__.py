"""Readers of files, one file a format; each names its suffixes and gives documents from an ``InputFile``.

The type of a file is told by its content (``sniff``); its suffix decides only where the content leaves a choice. Binary
formats, whose parsers are large and were written for friendly files, are read in a child process (``isolation``).

A reader is a module with

- ``SUFFIXES``: ends of names;
- ``read(file)``: gives the documents, notes problems in ``file.account``, raises ``UnreadableError`` where it must end;
- for a binary format ``has_magic(head)``, and for one in a zip container ``ZIP_PARTS`` or ``ZIP_TYPES``;
- for a text format that can be recognised ``recognises(head)``, and ``IS_GENERAL = True`` where a special reader that
  recognises it too comes first;
- ``IS_ISOLATED = True`` where its parser is not to be trusted with a hostile file, and with it ``READS_PACKED``, the
  compressions that it takes as they are; for others an unpacked copy is made.
"""

from __future__ import annotations

from collections.abc import Iterator

from samovar.core.errors import MissingError, SamovarError
from samovar.data.document import Document
from samovar.data.readers.compression import compression_of
from samovar.data.readers.facts import file_facts
from samovar.data.readers.input_file import InputFile
from samovar.data.readers.isolation import read_isolated
from samovar.data.readers.problems import UnreadableError, why_unread
from samovar.data.readers.registry import Format, formats
from samovar.data.readers.sniff import choose_format

__all__ = ["Format", "InputFile", "formats", "read_file"]


def read_file(file: InputFile) -> Iterator[Document]:
    """The documents of ``file``. What cannot be read ends as a reason in its account, never as an exception."""
    try:
        file.meta = file_facts(file) | file.meta
        yield from _documents(file)
    except (UnreadableError, MissingError) as error:
        _end(file, error)
    except SamovarError:
        raise
    except OSError as error:
        file.account.may_pass = True
        _end(file, error)
    except (MemoryError, RecursionError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        _end(file, error)  # the rest of the corpus goes on


def _documents(file: InputFile) -> Iterator[Document]:
    file.compression = compression_of(file.first_bytes(16))
    if file.compression and compression_of(file.first_bytes(16)):
        raise UnreadableError("packed twice")
    chosen = choose_format(file)
    file.account.format = chosen.name
    yield from read_isolated(file, chosen) if chosen.is_isolated else chosen.read(file)


def _end(file: InputFile, error: Exception) -> None:
    """A file that gave documents before it broke keeps them, with the reason as a note."""
    reason = why_unread(error, file.account.format or "file")
    if file.account.documents:
        file.account.note(reason)
    else:
        file.account.reason = reason
