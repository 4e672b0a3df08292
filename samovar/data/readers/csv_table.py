"""CSV: a document a row where a column holds text, else the whole table as one document."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import chain

from samovar.data.document import Document
from samovar.data.readers.input_file import LINE_CHARACTERS, InputFile, UnreadableError
from samovar.data.readers.jsonl import META_FIELDS, TEXT_FIELDS

SUFFIXES = (".csv", ".tsv")

_DELIMITERS = (",", ";", "\t", "|")


def read(file: InputFile) -> Iterator[Document]:
    """The rows' texts, or the table with its cells separated by ' | '; streamed."""
    csv.field_size_limit(LINE_CHARACTERS)
    rows = _rows(file, _delimiter(file))
    header = next(rows, [])
    if any(header) and _text_column(file, header) is None:
        file.account.note(f"no column {', '.join(TEXT_FIELDS[:-1])} or {TEXT_FIELDS[-1]}: the table is one document")
    return table_documents(file, chain([header], rows))


def table_documents(
    file: InputFile, rows: Iterator[list[str]], *, place: str = "", meta: dict[str, str] | None = None
) -> Iterator[Document]:
    """A document a row where a column holds text, else the table. ``place`` tells tables of one file apart."""
    header = next(rows, [])
    column = _text_column(file, header)
    if column is None:
        return file.documents(_table(header, rows), place=place, meta=meta)
    return _texts(file, _names(header), column, rows, f"{place}:" if place else "", meta or {})


class _Lines:
    """Lines for the csv module, with those that it took for the row it is at."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.of_row: list[str] = []
        self.have_ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines, None)
        if line is None:
            self.have_ended = True
            raise StopIteration
        # Python 3.10 and older refuse NUL, later ones keep it in the text.
        self.of_row.append(line.replace("\0", ""))
        return self.of_row[-1]


def _delimiter(file: InputFile) -> str:
    """The character that parts the header; commas where nothing does."""
    head = file.head(4096).lstrip("\ufeff").splitlines()
    return max(_DELIMITERS, key=head[0].count) if head else ","


def _names(header: list[str]) -> list[str]:
    return [name.strip().lower() for name in header]


def _text_column(file: InputFile, header: list[str]) -> int | None:
    names = _names(header)
    if file.text_field is not None:
        if file.text_field.lower() not in names:
            raise UnreadableError(f"no column {file.text_field}")
        return names.index(file.text_field.lower())
    return next((names.index(name) for name in TEXT_FIELDS if name in names), None)


def _rows(file: InputFile, delimiter: str) -> Iterator[list[str]]:
    """The rows. Where a quote is never closed, each line of what would be one cell is a row of its own."""
    lines = _Lines(file.lines())
    reader = csv.reader(lines, delimiter=delimiter)
    number = 0
    while not lines.have_ended:
        lines.of_row.clear()
        row: list[str] | None = None
        is_open: bool
        try:
            row = next(reader, None)
            is_open = row is not None and lines.have_ended  # for a whole row no further line is asked for
        except csv.Error:  # a cell of over 16 million characters
            is_open = True
        if is_open:
            file.account.note("a quote that is never closed: each line from there on is a row", f"row {number + 1}")
            for line in lines.of_row:
                number += 1
                yield next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])
        elif row is not None:
            number += 1
            yield row


def _texts(
    file: InputFile, names: list[str], column: int, rows: Iterator[list[str]], place: str, meta: dict[str, str]
) -> Iterator[Document]:
    for number, row in enumerate(rows, 2):
        if column >= len(row):
            if row:
                file.account.note("a row with too few columns", f"row {number}")
            continue
        told = {META_FIELDS[name]: cell for name, cell in zip(names, row, strict=False) if name in META_FIELDS and cell}
        where = {"row": str(number)}
        yield from file.documents(iter([row[column]]), place=f"{place}{number}", meta=meta | where | told)


def _table(header: list[str], rows: Iterator[list[str]]) -> Iterator[str]:
    yield _line(header)
    for row in rows:
        if any(row):
            yield _line(row)


def _line(row: list[str]) -> str:
    return " | ".join(" ".join(cell.split()) for cell in row) + "\n"
