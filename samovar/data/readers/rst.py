"""reStructuredText, with its markup brought near to plain text."""

from __future__ import annotations

from collections.abc import Iterator

from samovar.data.document import Document
from samovar.data.plain_rst import plain_rst
from samovar.data.readers.input_file import InputFile

SUFFIXES = (".rst",)


def read(file: InputFile) -> Iterator[Document]:
    """One document, or parts of a long one."""
    return file.documents(iter([plain_rst(file.whole())]))
