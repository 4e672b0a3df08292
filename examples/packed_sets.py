"""Reads packed sets (`.zst`) as streams: lines, JSON Lines, texts closed by a line, tables of an archive."""

from __future__ import annotations

import csv
import io
import json
import random
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from samovar.core.errors import CorruptError, MissingError, SamovarError

FETCH_AGAIN = "fetch the set again"


def tar_tables(path: Path, folder: str, ending: str) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Name without ``ending``, and rows, of each table in ``folder`` of a packed archive; one table in memory."""
    with unpacked(path) as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
        for member in tar:
            file = tar.extractfile(member) if folder in member.name and member.name.endswith(ending) else None
            if file is not None:
                text = file.read().decode("utf-8-sig", errors="replace")
                yield Path(member.name).name.removesuffix(ending), list(csv.DictReader(io.StringIO(text)))


def parted(path: Path, end: str) -> Iterator[str]:
    """The texts of a plain text that lines ``end`` close; one that is not closed is left out, as it is cut."""
    held: list[str] = []
    for line in text_lines(path):
        if line.strip() == end:
            if text := "".join(held).strip():
                yield text
            held = []
        else:
            held.append(line)


def json_lines(path: Path, *keys: str) -> Iterator[dict[str, Any]]:
    """Each line as an object that has ``keys``."""
    for number, line in enumerate(text_lines(path), 1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise CorruptError(f"{path}, line {number}: not JSON: {error}", hint=FETCH_AGAIN) from error
        if not isinstance(row, dict) or not row.keys() >= set(keys):
            raise CorruptError(f"{path}, line {number}: not an object with {', '.join(keys)}", hint=FETCH_AGAIN)
        yield row


def text_lines(path: Path) -> Iterator[str]:
    """The lines of a packed text, as a stream."""
    with unpacked(path) as stream:
        yield from io.TextIOWrapper(stream, encoding="utf-8", errors="replace")


@contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO]:
    """The unpacked bytes of ``path``, as a stream; what goes wrong while they are read names ``path``.

    Raises:
        MissingError: there is no such file.
        CorruptError: it is damaged.
    """
    import pyarrow as pa

    if not path.is_file():
        raise MissingError(f"{path} does not exist", hint=f"put the set {path.parent.name} there")
    try:
        with pa.input_stream(str(path), compression="zstd") as stream:
            yield stream
    except (OSError, tarfile.TarError, csv.Error) as error:
        if isinstance(error, SamovarError):
            raise
        raise CorruptError(f"{path} cannot be read: {error}", hint=FETCH_AGAIN) from error


def sample(rows: Iterable[Any], count: int, *, seed: str) -> list[Any]:
    """At most ``count`` of ``rows``, each as likely as another, holding no more (algorithm R, Vitter 1985)."""
    draw = random.Random(seed)
    kept: list[Any] = []
    for number, row in enumerate(rows):
        if number < count:
            kept.append(row)
        elif (place := draw.randrange(number + 1)) < count:
            kept[place] = row
    return kept
