"""How a unit's result lies on disk: frames of some documents each, then one with the accounts and tallies.

A frame is a head (mark, sizes, checksum) and a body packed by zstd: JSON, and behind it the texts in UTF-8, which are
most of it and need no parsing.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

import xxhash

from samovar.core.errors import CorruptError
from samovar.data.document import Document

FRAME_CHARACTERS = 2 << 20
FRAME_ROWS = 2048
_MARK = b"smv1"
_HEAD = struct.Struct("<4sQQQ")
_JSON_SIZE = struct.Struct("<I")
_LEVEL = 1


class VerdictRow(NamedTuple):
    """What a step did to a document."""

    id: str
    source: str
    step: str
    verdict: str
    """dropped or edited."""
    reason: str
    detail: str


class Part(NamedTuple):
    """Some documents of a unit, and what was done to these and those that went."""

    documents: list[Document]
    verdicts: list[VerdictRow]


class UnitWriter:
    """Writes one unit to ``file``, a frame at a time."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._documents: list[Document] = []
        self._verdicts: list[VerdictRow] = []
        self._characters = 0

    def add(self, document: Document) -> None:
        """Write a document that stays."""
        self._documents.append(document)
        self._characters += len(document.text)
        self._flush_when_full()

    def witness(self, row: VerdictRow) -> None:
        """Write what a step did."""
        self._verdicts.append(row)
        self._flush_when_full()

    def finish(self, tail: dict[str, Any]) -> None:
        """Write what is left, and ``tail``."""
        self._flush()
        self._write({"tail": tail}, [])

    def _flush_when_full(self) -> None:
        rows = max(len(self._documents), len(self._verdicts))
        if self._characters >= FRAME_CHARACTERS or rows >= FRAME_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._documents or self._verdicts:
            texts = [document.text.encode("utf-8", "surrogatepass") for document in self._documents]
            heads = [
                [document.id, document.source, document.meta, len(text)]
                for document, text in zip(self._documents, texts, strict=True)
            ]
            self._write({"documents": heads, "verdicts": self._verdicts}, texts)
            self._documents, self._verdicts, self._characters = [], [], 0

    def _write(self, value: dict[str, Any], texts: list[bytes]) -> None:
        import pyarrow as pa

        about = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        body = b"".join([_JSON_SIZE.pack(len(about)), about, *texts])
        packed = pa.Codec("zstd", compression_level=_LEVEL).compress(body, asbytes=True)
        head = _HEAD.pack(_MARK, len(body), len(packed), xxhash.xxh3_64_intdigest(packed))
        write_all(self._file, head + packed)


def write_all(file: IO[bytes], data: bytes | memoryview) -> None:
    """Write all of ``data`` to an unbuffered file, which may take less at a time."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def read_frames(file: IO[bytes], offset: int, size_bytes: int) -> Iterator[Part | dict[str, Any]]:
    """The parts of the unit at ``offset``, and its tail at last.

    Raises:
        CorruptError: it is damaged.
    """
    import pyarrow as pa

    codec = pa.Codec("zstd")
    file.seek(offset)
    end = offset + size_bytes
    while offset < end:
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            raise _damaged(file, offset)
        mark, body_size, packed_size, checksum = _HEAD.unpack(head)
        if mark != _MARK or packed_size > end - offset:
            raise _damaged(file, offset)
        packed = file.read(packed_size)
        if xxhash.xxh3_64_intdigest(packed) != checksum:
            raise _damaged(file, offset)
        yield _part(memoryview(codec.decompress(packed, body_size, asbytes=True)))
        offset += _HEAD.size + packed_size
        file.seek(offset)


def _part(body: memoryview) -> Part | dict[str, Any]:
    (json_size,) = _JSON_SIZE.unpack_from(body)
    place = _JSON_SIZE.size + json_size
    value = json.loads(str(body[_JSON_SIZE.size : place], "utf-8", "surrogatepass"))
    if "tail" in value:
        tail: dict[str, Any] = value["tail"]
        return tail
    documents = []
    for identity, source, meta, size in value["documents"]:
        documents.append(Document(identity, str(body[place : place + size], "utf-8", "surrogatepass"), source, meta))
        place += size
    return Part(documents, [VerdictRow(*row) for row in value["verdicts"]])


def _damaged(file: IO[bytes], offset: int) -> CorruptError:
    name = getattr(file, "name", "the store of units")
    return CorruptError(f"{name} is damaged at byte {offset}", hint="run the same command again: it is read anew")
