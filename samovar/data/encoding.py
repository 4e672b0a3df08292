"""Which encoding a file of unknown origin is in, or that it is no text at all."""

from __future__ import annotations

import codecs
import re
import sys
import warnings
from pathlib import Path
from typing import NamedTuple

BLOCK_BYTES = 1 << 20
_SAMPLE_BYTES = 1 << 16

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# First bytes -> what to call the file. Formats that are text inside but unreadable as such are here as well.
_SIGNATURES = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a zip archive or an Office document"),
    (b"\xd0\xcf\x11\xe0", "an old Microsoft Office document"),
    (b"{\\rtf", "an RTF document"),
    (b"%!PS", "a PostScript document"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
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
    (b"PAR1", "a Parquet table"),
)
_CYRILLIC_ENCODINGS = ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic")
# Share of each letter in Russian prose, in per mille (Lyashevskaya and Sharov 2009, frequency dictionary).
_RUSSIAN_PER_MILLE = dict(
    zip(
        "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
        (
            110,
            85,
            80,
            74,
            67,
            63,
            55,
            47,
            45,
            44,
            35,
            32,
            30,
            28,
            26,
            20,
            19,
            17,
            17,
            16,
            16,
            14,
            12,
            10,
            9,
            7,
            6,
            5,
            4,
            3,
            3,
            1,
            1,
        ),
        strict=True,
    )
)
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
        head = file.read(_SAMPLE_BYTES)
        for mark, name in _BYTE_ORDER_MARKS:
            if head.startswith(mark):
                return Encoding(name)
        if problem := _binary_kind(head):
            return problem
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        while True:
            block = file.read(BLOCK_BYTES)
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                damaged = (error.object if isinstance(error.object, bytes) else block)[max(0, error.start - 256) :]
                return _guess(damaged[:_SAMPLE_BYTES], head)
            if not block:
                return Encoding("utf-8")


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
        if has_russian_case and all(letter in _RUSSIAN_PER_MILLE for letter in word.lower()):
            score += sum(min(1.0, _RUSSIAN_PER_MILLE[letter] / 15) for letter in word.lower())
    return score / num_beyond_ascii


def is_known_codec(name: str) -> bool:
    """Whether Python can decode text in the encoding called ``name``."""
    try:
        return not name.isspace() and codecs.lookup(name)._is_text_encoding
    except (LookupError, ValueError):
        return False


def printable_path(path: str) -> str:
    """``path`` with bytes that are not UTF-8 written as ``\\xff``, so that it can be stored."""
    return path.encode(sys.getfilesystemencoding(), "surrogateescape").decode("utf-8", "backslashreplace")
