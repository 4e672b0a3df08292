"""The text of a Word document of 1997 to 2003.

Source: Microsoft, [MS-DOC], sections 2.4.1 (retrieving text), 2.5.1 (Fib), 2.8.35 (PlcPcd), 2.9.38 (Clx), 2.9.73
(FcCompressed).
"""

from __future__ import annotations

import re
import struct
from typing import Any

from samovar.data.readers.problems import UnreadableError

_WORD_97 = 0xC1
_IS_ENCRYPTED = 0x0100
_USES_TABLE_1 = 0x0200
_MAX_CHARACTERS = 100_000_000
# Between 0x13 and 0x14 stands what a field computes, between 0x14 and 0x15 what it shows.
_FIELD = re.compile("\x13[^\x13\x14\x15]*(?:\x14([^\x13\x14\x15]*))?\x15")
_MARKS = str.maketrans({"\r": "\n", "\x0b": "\n", "\x0c": "\n", "\x1e": "-", "\x1f": None, "\xa0": " ", "\x02": None})
_ROW_END = re.compile("\x07\x07")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f]")


def word_text(container: Any) -> str:
    """The main text of the document in an open OLE container.

    Raises:
        UnreadableError: it is encrypted, older, or damaged.
    """
    with container.openstream("WordDocument") as stream:
        document = stream.read()
    try:
        version, flags = struct.unpack_from("<H6xH", document, 2)
        if version < _WORD_97:
            raise UnreadableError("a Word document of before 1997, which no reader here opens: save it as docx")
        if flags & _IS_ENCRYPTED:
            raise UnreadableError("protected with a password")
        (num_characters,) = struct.unpack_from("<I", document, 0x4C)
        where, size_bytes = struct.unpack_from("<II", document, 0x1A2)
        with container.openstream("1Table" if flags & _USES_TABLE_1 else "0Table") as stream:
            pieces = _pieces(stream.read()[where : where + size_bytes])
        text = "".join(_piece_text(document, *piece) for piece in pieces)
    except (struct.error, OSError, IndexError) as error:
        raise UnreadableError("a damaged Word document") from error
    return _readable(text[: min(num_characters, _MAX_CHARACTERS)])


def _pieces(clx: bytes) -> list[tuple[int, int]]:
    """Characters and place of every piece of text, in order."""
    place = 0
    while clx[place] == 1:  # properties, which come before the table of pieces
        place += 3 + struct.unpack_from("<H", clx, place + 1)[0]
    if clx[place] != 2:
        raise UnreadableError("a damaged Word document")
    (size_bytes,) = struct.unpack_from("<I", clx, place + 1)
    table = clx[place + 5 : place + 5 + size_bytes]
    num_pieces = (len(table) - 4) // 12
    ends = struct.unpack_from(f"<{num_pieces + 1}I", table)
    places = [struct.unpack_from("<I", table, 4 * (num_pieces + 1) + 8 * number + 2)[0] for number in range(num_pieces)]
    return [(ends[number + 1] - ends[number], places[number]) for number in range(num_pieces)]


def _piece_text(document: bytes, num_characters: int, place: int) -> str:
    if num_characters < 0:
        return ""
    if place & 0x40000000:
        start = (place & 0x3FFFFFFF) // 2
        return document[start : start + num_characters].decode("cp1252", "replace")
    start = place & 0x3FFFFFFF
    return document[start : start + 2 * num_characters].decode("utf-16-le", "replace")


def _readable(text: str) -> str:
    for _ in range(5):
        text, count = _FIELD.subn(lambda found: found[1] or "", text)
        if not count:
            break
    text = _ROW_END.sub("\n", text).replace("\x07", " | ")
    text = _CONTROLS.sub("", text.translate(_MARKS).replace("\x1e", "-"))
    # A paragraph ends with one mark; between paragraphs stands a blank line, but in tables.
    lines = [line.strip() for line in text.split("\n")]
    pieces: list[str] = []
    for line, follower in zip(lines, [*lines[1:], ""], strict=True):
        pieces.append(line + ("\n" if " | " in line and " | " in follower else "\n\n") if line else "")
    return "".join(pieces).strip()
