"""Examples to learn from: documents of files that somebody chose, and rows that somebody labelled."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from samovar.core.errors import DataError, MissingError
from samovar.data.classify.training import Example
from samovar.data.readers.jsonl import TEXT_FIELDS

PART_CHARACTERS = 2_000
PARTS_A_DOCUMENT = 50
_TABLES = {".csv": ",", ".tsv": "\t"}
_LINES = {".jsonl", ".ndjson"}


def example_files(paths: Iterable[str]) -> list[Path]:
    """The files at ``paths``, those in folders too, in the order of their names."""
    files: list[Path] = []
    for path in map(Path, paths):
        files += sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    return files


def document_examples(paths: Iterable[str], label: str) -> Iterator[Example]:
    """The documents in files and folders of any format that Samovar reads, as examples of ``label``.

    A long document is cut into parts of at most 2,000 characters, of which at most fifty, spread over it, are taken.

    Raises:
        MissingError: there is nothing at one of the paths.
        DataError: one of them gives no text.
    """
    from samovar.data.account import ReadingAccount
    from samovar.data.settings import DataSettings, SourceSettings
    from samovar.data.sources.files import FilesSource
    from samovar.data.splitting import split_text

    for path in paths:
        if not Path(path).exists():
            raise MissingError(f"{path} does not exist", hint=f"name files or folders with examples of '{label}' texts")
        account = ReadingAccount()
        source = FilesSource(SourceSettings(path=path, name=Path(path).name), root=Path(), settings=DataSettings())
        is_empty = True
        for document in source.documents(account):
            parts = list(split_text([document.text], PART_CHARACTERS))
            for part in parts[:: -(-len(parts) // PARTS_A_DOCUMENT)]:
                is_empty = False
                yield Example(part, label, document.id if len(parts) > 1 else "")
        if is_empty:
            raise DataError(
                f"{path} holds no examples of '{label}' texts: {account.why_empty()}",
                hint="JSON Lines with a field `text`, or files of text",
            )


def labelled_examples(paths: Iterable[str], *, text_field: str = "", label_field: str = "label") -> Iterator[Example]:
    """The rows of JSON Lines, CSV or TSV files (also packed as .gz, .zst and the like) with a text and a label.

    Args:
        text_field: name of the field or column with the text; "" is text, content or body.
        label_field: name of that with the label.

    Raises:
        MissingError: one of the files does not exist.
        DataError: a row has no text or no label, or a file is not what its name says.
    """
    wanted = (text_field,) if text_field else TEXT_FIELDS
    for path in map(Path, paths):
        if not path.is_file():
            raise MissingError(f"{path} does not exist", hint="name a file with a text and a label in every row")
        for place, row in _rows(path):
            text = next((row[name] for name in wanted if isinstance(row.get(name), str)), None)
            label = row.get(label_field)
            if text is None or label is None:
                missing = " or ".join(wanted) if text is None else label_field
                raise DataError(
                    f"{path}, {place}: a row without {missing}; it has {', '.join(map(str, sorted(row)))[:80]}",
                    hint="name the fields with text_field and label_field",
                )
            yield Example(text, str(label).strip())


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    from samovar.data.readers.compression import open_text, unpacked_name
    from samovar.data.readers.problems import UnreadableError

    suffix = Path(unpacked_name(path.name)).suffix.lower()
    if suffix not in _TABLES and suffix not in _LINES:
        raise DataError(f"{path} holds no rows with labels", hint="give JSON Lines, CSV or TSV: .jsonl, .csv, .tsv")
    try:
        with open_text(path) as text:
            yield from _table_rows(text, _TABLES[suffix]) if suffix in _TABLES else _json_rows(text)
    except DataError:
        raise
    except (ValueError, OSError, RecursionError, UnreadableError) as error:
        raise DataError(f"{path} cannot be read: {error}", hint="repair it, or leave it out") from error


def _table_rows(text: IO[str], delimiter: str) -> Iterator[tuple[str, dict[str, Any]]]:
    from samovar.data.readers.csv_rows import csv_rows, refuse_open_quote

    rows = csv_rows(text, delimiter, on_open_quote=refuse_open_quote)
    names = next(rows, [])
    for number, row in enumerate(rows, 2):
        if row:
            yield f"row {number}", dict(zip(names, row, strict=False))


def _json_rows(text: IO[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(text, 1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from error
            if not isinstance(row, dict):
                raise ValueError(f"line {number} is not an object")
            yield f"line {number}", row
