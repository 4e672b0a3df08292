"""Items of a JSON file of any size, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from samovar.core.extras import require
from samovar.data.readers.input_file import InputFile, UnreadableError


def json_items(file: InputFile, prefix: str) -> Iterator[Any]:
    """The values at ``prefix`` in ijson's notation: `item` are those of an array on top.

    Raises:
        UnreadableError: it is not JSON, or breaks off; items before that place were given.
    """
    ijson = require("ijson", extra="data")
    with file.open() as stream:
        try:
            yield from ijson.items(stream, prefix, use_float=True)
        except (ijson.JSONError, ValueError, RecursionError) as error:
            raise UnreadableError("not valid JSON") from error


def json_events(file: InputFile) -> Iterator[tuple[str, str, Any]]:
    """The events (prefix, event, value) of the whole file.

    Raises:
        UnreadableError: it is not JSON, or breaks off.
    """
    ijson = require("ijson", extra="data")
    with file.open() as stream:
        try:
            yield from ijson.parse(stream, use_float=True)
        except (ijson.JSONError, ValueError, RecursionError) as error:
            raise UnreadableError("not valid JSON") from error
