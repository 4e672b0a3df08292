"""Plain text: the whole file is a document, or the parts between lines that separate them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from samovar.data.document import Document
from samovar.data.readers.input_file import InputFile

SUFFIXES = (".txt", ".text", ".log")


def read(file: InputFile) -> Iterator[Document]:
    """One document, or one between every two separators, or parts of a long one; streamed."""
    if file.separator is None:
        return file.documents(file.blocks())
    return _separated(file, file.separator.strip())


def _separated(file: InputFile, separator: str) -> Iterator[Document]:
    lines = file.lines()
    for number in count(1):
        is_last = True

        def until_separator() -> Iterator[str]:
            nonlocal is_last
            for line in lines:
                if line.strip() == separator:
                    is_last = False
                    return
                yield line

        yield from file.documents(until_separator(), place=str(number))
        if is_last:
            return
