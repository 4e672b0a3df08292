"""Which encoding a file of unknown origin is in, or that it is no text at all."""

from __future__ import annotations

import codecs
import re
import sys
import warnings
from pathlib import Path
from typing import BinaryIO, NamedTuple

BLOCK_BYTES = 1 << 20
_SAMPLE_BYTES = 1 << 16
_WHOLE_UTF8 = 6
"""Bytes of whole letters beyond ASCII before the first wrong one: in other encodings no such run is right by chance."""

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# First bytes -> what to call a file that no reader here opens.
_SIGNATURES = (
    (b"%!PS", "a PostScript document"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a rar archive"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"II*\x00", "an image"),
    (b"MM\x00*", "an image"),
    (b"RIFF", "sound, video or an image"),
    (b"ID3", "sound"),
    (b"OggS", "sound"),
    (b"SQLite format 3", "an SQLite database"),
)
_CYRILLIC_ENCODINGS = ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic")
# Share of each letter in Russian prose, in per mille (Lyashevskaya and Sharov 2009, frequency dictionary).
RUSSIAN_PER_MILLE = dict(zip("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё", (
    110, 85, 80, 74, 67, 63, 55, 47, 45, 44, 35, 32, 30, 28, 26, 20, 19, 17, 17, 16, 16, 14, 12, 10, 9, 7, 6, 5, 4, 3,
    3, 1, 1,
), strict=True))  # fmt: skip
_WESTERN = frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßœÀÁÂÄÅÆÇÈÉÊËÍÑÓÔÖØÜŒ«»‘’“”„–—…°§€£©®\xa0")
_TEXT_CONTROLS = frozenset(b"\t\n\v\f\r\x1b")


class Encoding(NamedTuple):
    """How to decode a file. ``name`` is empty where it is not text, and ``problem`` says what it is."""

    name: str
    problem: str = ""
    is_damaged: bool = False


def detect_encoding(path: Path) -> Encoding:
    """The encoding of the file: by its byte order mark, as UTF-8 if all of it is, else by statistics.

    Reads the file in blocks of a megabyte, up to the first byte that is not UTF-8.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return encoding_of(file)


def encoding_of(file: BinaryIO) -> Encoding:
    """The encoding of a stream of bytes, which is read once, as ``detect_encoding`` says."""
    head = file.read(BLOCK_BYTES)
    for mark, name in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return Encoding(name)
    if problem := _binary_kind(head[:_SAMPLE_BYTES]):
        return problem
    decoder = codecs.getincrementaldecoder("utf-8")()
    block, num_beyond_ascii = head, 0  # so many bytes more than characters so far
    while True:
        try:
            num_beyond_ascii += len(block) - len(decoder.decode(block, final=not block))
        except UnicodeDecodeError as error:
            sound = error.object[: error.start]
            if num_beyond_ascii + len(sound) - len(sound.decode()) >= _WHOLE_UTF8:
                return Encoding("utf-8", is_damaged=True)
            damaged = error.object[max(0, error.start - 256) :]
            return _guess(damaged[:_SAMPLE_BYTES], head[:_SAMPLE_BYTES])
        if not block:
            return Encoding("utf-8")
        block = file.read(BLOCK_BYTES)


def _binary_kind(head: bytes) -> Encoding | None:
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return Encoding("", f"{kind}, which no reader here opens")
    if b"\0" in head:
        for name in ("utf-16-le", "utf-16-be"):
            if _reads_as_text(head[: len(head) // 2 * 2], name):
                return Encoding(name)
        return Encoding("", "binary data, not text")
    num_controls = sum(head.count(byte) for byte in range(32) if byte not in _TEXT_CONTROLS)
    if num_controls > 0.02 * len(head):
        return Encoding("", "binary data, not text")
    return None


def _reads_as_text(data: bytes, name: str) -> bool:
    text = data.decode(name, "replace")
    familiar = re.findall(r"[\t\n\r -~\xa0-\u04ff\u2010-\u2030]", text)
    return len(familiar) > 0.95 * len(text)


def _guess(damaged: bytes, head: bytes) -> Encoding:
    """The encoding of a file that is not UTF-8, from the surroundings of the first wrong byte and from the head."""
    if _is_mostly_utf8(damaged):
        return Encoding("utf-8", is_damaged=True)
    if cyrillic := _best_cyrillic(damaged):
        return Encoding(cyrillic)
    from charset_normalizer import from_bytes

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        best = from_bytes(damaged if len(damaged) > 64 else head).best()
    if best is None:
        return Encoding("", "text in no encoding that could be recognised")
    return Encoding("cp1252" if _reads_as_western(damaged) else best.encoding)


def _reads_as_western(data: bytes) -> bool:
    """Whether the bytes beyond ASCII are letters and quotes of western Europe: statistics alone prefer rarer tables."""
    beyond_ascii = [character for character in data.decode("cp1252", "replace") if character > "\x7f"]
    return sum(character in _WESTERN for character in beyond_ascii) >= 0.95 * len(beyond_ascii)


def _is_mostly_utf8(data: bytes) -> bool:
    """Whether these are UTF-8 letters with a few broken bytes among them."""
    text = data.decode("utf-8", "replace")
    num_broken = text.count("\ufffd")
    num_whole = sum(1 for character in text if character > "\x7f") - num_broken
    return num_whole > 4 * num_broken


def _best_cyrillic(data: bytes) -> str | None:
    scores = {name: _russian_score(data.decode(name, "replace")) for name in _CYRILLIC_ENCODINGS}
    best = max(scores, key=scores.__getitem__)
    return best if scores[best] >= 0.6 else None


def _russian_score(text: str) -> float:
    """How much the letters beyond ASCII look like Russian words: 1 for typical letters, near 0 for chance."""
    words = re.findall(r"[^\W\d_]+", text)
    foreign = [word for word in words if not word.isascii()]
    num_beyond_ascii = sum(1 for character in text if character > "\x7f")
    if not foreign:
        return 0.0
    score = 0.0
    for word in foreign:
        has_russian_case = word.islower() or word.isupper() or (word[0].isupper() and word[1:].islower())
        if has_russian_case and all(letter in RUSSIAN_PER_MILLE for letter in word.lower()):
            score += sum(min(1.0, RUSSIAN_PER_MILLE[letter] / 15) for letter in word.lower())
    return score / num_beyond_ascii


def decoded_name(name: bytes) -> str:
    """A file's name in an unknown encoding: UTF-8 where it is that, else Russian where it looks so, else cp437."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        # Archives made on Windows and DOS have names in the console's code page, hardly ever in others.
        return name.decode("cp866" if _russian_score(name.decode("cp866")) > 0.5 else _best_cyrillic(name) or "cp437")


def is_known_codec(name: str) -> bool:
    """Whether Python can decode text in the encoding called ``name``."""
    try:
        return not name.isspace() and codecs.lookup(name)._is_text_encoding
    except (LookupError, ValueError):
        return False


def printable_path(path: str) -> str:
    """``path`` with bytes that are not UTF-8 written as ``\\xff``, so that it can be stored."""
    return path.encode(sys.getfilesystemencoding(), "surrogateescape").decode("utf-8", "backslashreplace")


def without_surrogates(text: str) -> str:
    """``text`` with lone halves of surrogate pairs, which JSON can hold and UTF-8 cannot, as U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
