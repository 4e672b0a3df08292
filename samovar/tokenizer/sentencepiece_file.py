"""A SentencePiece model file, read: pieces, their scores and kinds, and how text is prepared.

The file is a protocol buffer. The few fields that are needed are found by their numbers.

Source: Kudo and Richardson 2018, arXiv:1808.06226; the format of sentencepiece_model.proto and of protocol buffers'
wire encoding.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from samovar.core.errors import ConfigError, CorruptError

Kind = Literal["normal", "unknown", "control", "user", "unused", "byte"]

_KINDS: dict[int, Kind] = {1: "normal", 2: "unknown", 3: "control", 4: "user", 5: "unused", 6: "byte"}
_PIECES, _TRAINER, _NORMALIZER = 1, 2, 3
_MODEL_TYPES = {1: "unigram", 2: "bpe"}
_ABSENT = 2**64 - 1
"""Of an id: minus one, as the encoding writes it."""


class Piece(NamedTuple):
    """One entry of the vocabulary; its place is its id."""

    text: str
    score: float
    kind: Kind


class SentencePieceModel(NamedTuple):
    """What the file says."""

    pieces: list[Piece]
    model_type: Literal["unigram", "bpe"]
    has_bytes: bool
    """Whether what has no piece is written in tokens of bytes."""
    bos_id: int | None
    eos_id: int | None
    unk_id: int
    adds_prefix: bool
    """Whether a space is put before a text."""
    strips_spaces: bool
    """Whether spaces at both ends and repeated ones are removed."""
    character_map: bytes
    """How characters are normalised, in SentencePiece's compiled form; empty: not at all."""


def read_sentencepiece(path: Path) -> SentencePieceModel:
    """The model in the file at ``path``.

    Raises:
        CorruptError: it is no SentencePiece model.
        ConfigError: it is of a kind that is not known here.
    """
    try:
        fields = list(_fields(path.read_bytes()))
        pieces = [_piece(value) for number, value in fields if number == _PIECES and isinstance(value, bytes)]
        trainer = _numbers(fields, _TRAINER)
        normalizer = _numbers(fields, _NORMALIZER)
    except (IndexError, ValueError, KeyError, struct.error) as error:
        raise CorruptError(
            f"{path} is no SentencePiece model: {error or 'it is cut short'}", hint="fetch the file again"
        ) from error
    if not pieces or not all(piece.text for piece in pieces):
        raise CorruptError(f"{path} is no SentencePiece model: it has no pieces", hint="fetch the file again")
    kind = trainer.get(3, 1)
    if kind not in _MODEL_TYPES:
        raise ConfigError(
            f"{path} is a SentencePiece model of words or characters, which is not known here",
            hint="models of the kinds unigram and bpe are",
        )
    character_map = normalizer.get(2, b"")
    return SentencePieceModel(
        pieces=pieces,
        model_type="bpe" if kind == 2 else "unigram",
        has_bytes=bool(trainer.get(35, 0)),
        bos_id=_identity(trainer.get(41, 1), len(pieces)),
        eos_id=_identity(trainer.get(42, 2), len(pieces)),
        unk_id=_identity(trainer.get(40, 0), len(pieces)) or 0,
        adds_prefix=bool(normalizer.get(3, 1)),
        strips_spaces=bool(normalizer.get(4, 1)),
        character_map=character_map if isinstance(character_map, bytes) else b"",
    )


def _piece(message: bytes) -> Piece:
    text, score, kind = "", 0.0, 1
    for number, value in _fields(message):
        if number == 1 and isinstance(value, bytes):
            text = value.decode("utf-8")
        elif number == 2 and isinstance(value, bytes):
            (score,) = struct.unpack("<f", value)
        elif number == 3 and isinstance(value, int):
            kind = value
    return Piece(text, score, _KINDS[kind])


def _numbers(fields: list[tuple[int, int | bytes]], number: int) -> dict[int, int | bytes]:
    """The fields of the last message with this number."""
    found = [value for key, value in fields if key == number and isinstance(value, bytes)]
    return dict(_fields(found[-1])) if found else {}


def _identity(value: int | bytes, num_pieces: int) -> int | None:
    return value if isinstance(value, int) and value != _ABSENT and value < num_pieces else None


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field: an integer, or bytes."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        kind = key & 7
        if kind == 0:
            number, place = _varint(message, place)
            yield key >> 3, number
            continue
        length, place = {1: (8, place), 5: (4, place)}.get(kind) or _length(message, place, kind)
        if place + length > len(message):
            raise ValueError("it is cut short")
        yield key >> 3, message[place : place + length]
        place += length


def _length(message: bytes, place: int, kind: int) -> tuple[int, int]:
    if kind != 2:
        raise ValueError(f"a field is of the kind {kind}")
    return _varint(message, place)


def _varint(message: bytes, place: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and the place after it."""
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place += 1
        shift += 7
        if byte < 0x80:
            return value, place
        if shift > 63:
            raise ValueError("a number has no end")
