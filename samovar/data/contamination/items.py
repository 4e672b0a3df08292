"""The items of evaluation sets: questions and answers out of JSON Lines, JSON, CSV, TSV, Parquet and plain text.

Plain text has an item a paragraph. A table without known headings has the question in its first column and answers in
the others. A row without known fields is one text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from samovar.core.errors import DataError, MissingError
from samovar.data.readers.compression import open_text, unpacked_name
from samovar.data.readers.csv_rows import csv_rows, refuse_open_quote
from samovar.data.readers.problems import UnreadableError

_QUESTION = ("question", "prompt", "instruction", "query", "problem", "question_stem", "stem", "goal", "user")
_INPUT = ("input", "inputs")
_ANSWER = (
    "answer", "answers", "best_answer", "correct_answer", "correct_answers", "reference", "response", "completion",
    "output", "outputs", "target", "targets", "solution", "canonical_solution", "code", "choices", "options", "endings",
    "chosen", "assistant",
)  # fmt: skip
_TEXT = ("text", "content", "sentence", "passage")
_MESSAGES = ("messages", "conversation", "conversations", "dialog", "dialogue", "turns")
_ID = ("id", "task_id", "question_id", "qid", "uid", "key")
_ASKING = {"user", "human", "system", "prompter"}
_KNOWN = {*_QUESTION, *_INPUT, *_ANSWER, *_TEXT, *_MESSAGES}
_TABLES, _LINES, _TREES, _TEXTS = {".csv", ".tsv"}, {".jsonl", ".ndjson"}, {".json"}, {".txt", ".md"}
SUFFIXES = _TABLES | _LINES | _TREES | _TEXTS | {".parquet"}
"""Of files that are read; each may be packed, with .gz, .zst and the like behind."""


class EvalItem(NamedTuple):
    """A question of an evaluation set and what may answer it; either may be missing."""

    set: str
    """Name of the set: the file it came from."""
    id: str
    """Its id in the file, or the number of its row."""
    question: str
    answers: tuple[str, ...]


def evaluation_files(path: Path) -> list[Path]:
    """The files of the evaluation set at ``path``: itself, or those below it that can be read.

    Raises:
        MissingError: there is nothing at ``path``, or no file that can be read.
    """
    if path.is_file():
        files = [path] if _suffix(path) in SUFFIXES else []
    else:
        files = sorted(file for file in path.rglob("*") if file.is_file() and _suffix(file) in SUFFIXES)
    if not files:
        what = "holds no evaluation set that can be read" if path.exists() else "does not exist"
        raise MissingError(
            f"{path} {what}", hint=f"name a file or a folder with files of these kinds: {', '.join(sorted(SUFFIXES))}"
        )
    return files


def read_items(path: Path) -> Iterator[EvalItem]:
    """The items of all files of the evaluation set at ``path``.

    Raises:
        MissingError: there is none.
        DataError: a file is not what its name says.
    """
    for file in evaluation_files(path):
        name = path.name if file == path else f"{path.name}/{file.relative_to(path)}"
        try:
            for number, row in enumerate(_rows(file), 1):
                item = _item(name, number, row)
                if item.question or item.answers:
                    yield item
        except (ValueError, OSError, RecursionError, UnreadableError) as error:
            raise DataError(
                f"{file} cannot be read as an evaluation set: {error}", hint="repair it, or leave it out of `against`"
            ) from error


def _rows(file: Path) -> Iterator[Any]:
    """A row is a mapping of fields, a list of cells, or a text."""
    suffix = _suffix(file)
    if suffix == ".parquet":
        yield from _parquet_rows(file)
        return
    with open_text(file) as text:
        if suffix in _LINES:
            for number, line in enumerate(text, 1):
                if line.strip():
                    try:
                        yield json.loads(line)
                    except ValueError as error:
                        raise ValueError(f"line {number}: {error}") from error
        elif suffix in _TREES:
            yield from _tree_rows(json.load(text))
        elif suffix in _TABLES:
            yield from _table_rows(text, "\t" if suffix == ".tsv" else ",")
        else:
            yield from re.split(r"\r?\n\s*\n", text.read())


def _table_rows(text: Iterable[str], delimiter: str) -> Iterator[Any]:
    rows = csv_rows(text, delimiter, on_open_quote=refuse_open_quote)
    head = next(rows, [])
    names = [_field_name(cell) for cell in head]
    if not _KNOWN.intersection(names):
        yield head
        yield from rows
        return
    for row in rows:
        yield dict(zip(names, row, strict=False))


def _tree_rows(tree: Any) -> Iterator[Any]:
    """The rows of a JSON file: a list of them, or lists of them under any key, or a single one."""
    if isinstance(tree, list):
        yield from tree
        return
    if isinstance(tree, Mapping):
        lists = [
            value for value in tree.values() if isinstance(value, list) and any(isinstance(x, dict) for x in value)
        ]
        if lists and not _KNOWN.intersection(map(_field_name, tree)):
            for rows in lists:
                yield from rows
            return
    yield tree


def _parquet_rows(file: Path) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as table:
            for batch in table.iter_batches(1024):
                yield from batch.to_pylist()
    except pa.ArrowException as error:
        raise ValueError(str(error)) from error


def _item(name: str, number: int, row: Any) -> EvalItem:
    if isinstance(row, str):
        return EvalItem(name, str(number), row.strip(), ())
    if isinstance(row, list):
        cells = [text for cell in row for text in _texts(cell)]
        return EvalItem(name, str(number), cells[0] if cells else "", tuple(cells[1:]))
    if not isinstance(row, Mapping):
        return EvalItem(name, str(number), str(row), ())
    fields = {_field_name(key): value for key, value in row.items()}
    identity = str(next((fields[key] for key in _ID if fields.get(key) not in (None, "")), number))
    asked, answered = _messages(fields)
    question = [*_first(fields, _QUESTION), *_first(fields, _INPUT)]
    answers = [text for key in _ANSWER for text in _texts(fields.get(key))]
    if any(isinstance(fields.get(key), Mapping) for key in _QUESTION):
        # A question with its choices below it, as OpenBookQA has them.
        question, answers = question[:1], question[1:] + answers
    question, answers = question + asked, answers + answered
    if not question:
        question = _first(fields, _TEXT)
    if not question and not answers:
        question = [text for value in fields.values() for text in _texts(value)]
    return EvalItem(name, identity, "\n".join(question), tuple(dict.fromkeys(answers)))


def _messages(fields: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """What a conversation asks and answers. Turns without a role ask."""
    asked: list[str] = []
    answered: list[str] = []
    for key in _MESSAGES:
        turns = fields.get(key)
        for turn in turns if isinstance(turns, list) else []:
            if isinstance(turn, Mapping):
                role = str(turn.get("role", turn.get("from", "user"))).lower()
                texts = _texts(turn.get("content", turn.get("value")))
            else:
                role, texts = "user", _texts(turn)
            (asked if role in _ASKING else answered).extend(texts)
    return asked, answered


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    """The texts of the first of these fields that has any."""
    return next((texts for name in names if (texts := _texts(fields.get(name)))), [])


def _texts(value: Any) -> list[str]:
    """Every text in ``value``, however deep, in order."""
    if isinstance(value, str):
        return [value.strip()] if value.strip() else []
    if isinstance(value, Mapping):
        return [text for part in value.values() for text in _texts(part)]
    if isinstance(value, list | tuple):
        return [text for part in value for text in _texts(part)]
    return [str(value)] if isinstance(value, int | float) and not isinstance(value, bool) else []


def _field_name(key: Any) -> str:
    return re.sub(r"[\s-]+", "_", str(key).strip().lower())


def _suffix(path: Path) -> str:
    return Path(unpacked_name(path.name)).suffix.lower()
