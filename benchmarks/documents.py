"""Real texts as JSON Lines, with planted near-copies of some: what the contestants of the data benchmarks read.

The texts lie in a folder with one data set in a folder, packed with zstd; those that are there are taken.
"""

from __future__ import annotations

import io
import json
import os
import random
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.contest import ROOT
from samovar.core.errors import MissingError

DATA = Path(os.environ.get("SAMOVAR_DATA", ROOT.parent / "shared" / "data"))
_BOOKS = ("classic_easy_en", "ruslit", "classic_children_en")
_WINDOW_BYTES = 2**27
_PART_CHARACTERS = 4_000
_CHANGES = (1, 2, 4, 8)
PLANTED_SIMILARITY = 0.8


class Counts(NamedTuple):
    """What was written."""

    documents: int
    bytes: int
    planted: int


def write_documents(path: Path, *, data: Path, max_bytes: int, planted_share: float = 0.05, seed: int = 0) -> Counts:
    """Write documents (``id``, ``text``) to ``path`` until their texts have ``max_bytes``, by turns from all sets.

    After a share of them a near-copy follows at a distance: the same text with one to eight words exchanged, and a
    Jaccard similarity (runs of five words) of at least 0.8; its id ends with ``:copy``.

    Raises:
        MissingError: ``data`` has none of the sets.
    """
    rng = random.Random(seed)
    num_documents = num_bytes = num_planted = 0
    waiting: list[tuple[str, str]] = []
    with path.open("w", encoding="utf-8") as file:
        for name, text in by_turns(data):
            rows = [(name, text)]
            if rng.random() < planted_share:
                copy = _near_copy(text, rng)
                if _similarity(text, copy) >= PLANTED_SIMILARITY:
                    waiting.append((f"{name}:copy", copy))
                    num_planted += 1
            if waiting and rng.random() < 2 * planted_share:
                rows.append(waiting.pop(rng.randrange(len(waiting))))
            for row_id, row_text in rows:
                file.write(json.dumps({"id": row_id, "text": row_text}, ensure_ascii=False) + "\n")
                num_documents += 1
                num_bytes += len(row_text.encode())
            if num_bytes >= max_bytes:
                break
        for row_id, row_text in waiting:
            file.write(json.dumps({"id": row_id, "text": row_text}, ensure_ascii=False) + "\n")
            num_documents += 1
            num_bytes += len(row_text.encode())
    if not num_documents:
        raise MissingError(f"no texts in {data}", hint="name a folder with --data or SAMOVAR_DATA")
    return Counts(num_documents, num_bytes, num_planted)


def _near_copy(text: str, rng: random.Random) -> str:
    words = text.split(" ")
    for _ in range(rng.choice(_CHANGES)):
        words[rng.randrange(len(words))] = "changed"
    return " ".join(words)


def _similarity(left: str, right: str) -> float:
    runs = [set(zip(*(words[place:] for place in range(5)), strict=False)) for words in (left.split(), right.split())]
    return len(runs[0] & runs[1]) / max(1, len(runs[0] | runs[1]))


def by_turns(data: Path) -> Iterator[tuple[str, str]]:
    """Documents of all sets, one of each in turn, until all end."""
    sets = [stories(data / "tinystories_ru" / "tinystories_ru.jsonl.zst"), _dialogues(data / "sgd_dialogues")]
    sets += [_book_parts(data / name / f"{name}.tar.zst") for name in _BOOKS]
    while sets:
        for one in list(sets):
            document = next(one, None)
            if document is None:
                sets.remove(one)
            else:
                yield document


def stories(path: Path) -> Iterator[tuple[str, str]]:
    """Name and text of each story; none where there is no such file."""
    for number, row in enumerate(_json_lines(path)):
        yield f"{path.stem}:{number}", row["story"]


def _dialogues(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.glob("*.jsonl.zst")):
        for row in _json_lines(path):
            yield f"{path.stem}:{row['dialogue_id']}", "\n".join(turn[1] for turn in row["turns"])


def _book_parts(path: Path) -> Iterator[tuple[str, str]]:
    """Books cut at paragraph ends into parts of about four thousand characters."""
    if not path.is_file():
        return
    with unpacked(path) as file, tarfile.open(fileobj=file, mode="r|") as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() else None
            if content is not None and member.name.endswith((".md", ".txt")):
                yield from _parts(member.name, content.read().decode("utf-8", "replace").replace("\r\n", "\n"))


def _parts(name: str, text: str) -> Iterator[tuple[str, str]]:
    part: list[str] = []
    size = number = 0
    for paragraph in text.split("\n"):
        part.append(paragraph)
        size += len(paragraph) + 1
        if size >= _PART_CHARACTERS:
            yield f"{name}:{number}", "\n".join(part)
            part, size, number = [], 0, number + 1
    if size > _PART_CHARACTERS // 4:
        yield f"{name}:{number}", "\n".join(part)


def _json_lines(path: Path) -> Iterator[Any]:
    if path.is_file():
        with io.TextIOWrapper(unpacked(path), encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)


def unpacked(path: Path) -> Any:
    """The unpacked bytes of ``path``, as a stream."""
    import zstandard

    return zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES).stream_reader(path.open("rb"), closefd=True)
