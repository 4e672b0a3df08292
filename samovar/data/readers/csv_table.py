"""CSV: a document a row where a column holds text, else the whole table as one document."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from samovar.data.document import Document
from samovar.data.readers.csv_rows import csv_rows
from samovar.data.readers.input_file import InputFile, UnreadableError
from samovar.data.readers.jsonl import META_FIELDS, TEXT_FIELDS

SUFFIXES = (".csv", ".tsv")

_DELIMITERS = (",", ";", "\t", "|")


def read(file: InputFile) -> Iterator[Document]:
    """The rows' texts, or the table with its cells separated by ' | '; streamed."""
    rows = csv_rows(file.lines(), _delimiter(file), on_open_quote=lambda row: _note_open_quote(file, row))
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


def _note_open_quote(file: InputFile, row: int) -> None:
    file.account.note("a quote that is never closed: each line from there on is a row", f"row {row}")


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
