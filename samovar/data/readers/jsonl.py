"""JSON Lines, and a JSON file with an array of rows: a document a row, from its text, content or body."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from samovar.data.document import Document
from samovar.data.encoding import without_surrogates
from samovar.data.readers.input_file import InputFile, UnreadableError
from samovar.data.readers.json_stream import json_items

SUFFIXES = (".jsonl", ".ndjson", ".json")
IS_GENERAL = True

TEXT_FIELDS = ("text", "content", "body")
NO_TEXT_FIELD = "a row without text in"
# What a row says of its document, and what that is called in the document's meta.
META_FIELDS = {
    "title": "title",
    "author": "author",
    "owner": "owner",
    "date": "date",
    "url": "url",
    "license": "licence",
    "licence": "licence",
    "language": "language",
}
_SHOWN_FIELDS_CHARACTERS = 80
_HEAD = re.compile(r'\[\s*\{\s*"|\{[ \t]*"[^\n]*\}[ \t]*\r?\n\{[ \t]*"')
CONVERSATION_FIELDS = ("messages", "conversations", "conversation", "dialogue", "turns")


def recognises(head: str) -> bool:
    """Whether it begins as an array of objects, or with two lines that are objects."""
    return _HEAD.match(head) is not None


def read(file: InputFile) -> Iterator[Document]:
    """A document a row; rows that give none are counted in the account by reason."""
    begins_as_array = file.head(64).lstrip("\ufeff \t\r\n").startswith("[")
    rows = _array_rows(file, begins_as_array) if begins_as_array or file.suffix == ".json" else None
    for place, row in rows if rows is not None else _line_rows(file):
        problem, text, meta = text_of_row(row, file.text_field)
        if problem:
            file.account.note(problem, place + _named_fields(row))
        else:
            unit, _, number = place.rpartition(" ")
            yield from file.documents(iter([text]), place=number, meta={unit: number} | meta)


def text_of_row(row: Any, text_field: str | None) -> tuple[str, str, dict[str, str]]:
    """The problem of ``row`` or '', its text, and what else it says of the document."""
    if not isinstance(row, dict):
        return "a row that is not an object", "", {}
    for name in (text_field,) if text_field else TEXT_FIELDS:
        if isinstance(row.get(name), str):
            meta = {told: row[key] for key, told in META_FIELDS.items() if isinstance(row.get(key), str) and row[key]}
            return "", without_surrogates(row[name]), {key: without_surrogates(value) for key, value in meta.items()}
    if any(isinstance(row.get(name), list) for name in CONVERSATION_FIELDS):
        return "a row that is a conversation, not a document: it belongs to sft", "", {}
    wanted = text_field or "text, content or body"
    return f"{NO_TEXT_FIELD} {wanted}", "", {}


def _named_fields(row: Any) -> str:
    """The fields of a row without text, one of which may be meant."""
    return f" has {', '.join(sorted(row))[:_SHOWN_FIELDS_CHARACTERS]}" if isinstance(row, dict) else ""


def _fast_loads() -> Callable[[str], Any]:
    """json.loads, or orjson's where it is installed, which is four times as fast."""
    try:
        import orjson
    except ModuleNotFoundError:
        return json.loads

    def loads(line: str) -> Any:
        try:
            return orjson.loads(line)
        except ValueError:
            return json.loads(line)  # takes NaN, numbers of any length and halves of surrogate pairs as well

    return loads


def _line_rows(file: InputFile) -> Iterator[tuple[str, Any]]:
    loads = _fast_loads()
    for number, line in enumerate(file.lines(), 1):
        if line.isspace():
            continue
        place = f"line {number}"
        try:
            yield place, loads(line)
        except (ValueError, RecursionError):
            file.account.note("a line that is not JSON", place)


def _array_rows(file: InputFile, begins_as_array: bool) -> Iterator[tuple[str, Any]] | None:
    """The rows of a JSON document; None where the file is JSON Lines by another name. Large arrays are streamed."""
    try:
        text = file.whole()
    except UnreadableError:
        if not begins_as_array:
            return None
        return ((f"row {number}", row) for number, row in enumerate(json_items(file, "item"), 1))
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            return None
        raise UnreadableError("not valid JSON") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableError("not valid JSON") from error
    rows = value if isinstance(value, list) else [value]
    return ((f"row {number}", row) for number, row in enumerate(rows, 1))
