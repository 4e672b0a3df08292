"""Rich Text Format: the text with its tables and list marks, in any of Windows' code pages.

Source: Microsoft, Rich Text Format Specification 1.9.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from samovar.data.document import Document
from samovar.data.encoding import is_known_codec, without_surrogates
from samovar.data.readers.input_file import InputFile

SUFFIXES = (".rtf",)

_TOKEN = re.compile(
    rb"\\(?P<word>[a-zA-Z]{1,32})(?P<value>-?\d{1,9})? ?|\\'(?P<hex>[0-9a-fA-F]{2})|\\(?P<sign>[^a-zA-Z])"
    rb"|(?P<brace>[{}])|[\r\n\0]+|(?P<text>[^\\{}\r\n\0]+)"
)
_SKIPPED = frozenset(
    b"fonttbl colortbl stylesheet listtable listoverridetable revtbl rsidtbl generator pict object header headerl "
    b"headerr headerf footer footerl footerr footerf fldinst nonshppict themedata colorschememapping datastore "
    b"latentstyles xmlnstbl filetbl mmathPr private template annotation atnid atnauthor".split()
)
_INFO = {b"title": "title", b"author": "author", b"company": "owner"}
_CHARACTERS = {
    b"par": "\n",
    b"sect": "\n",
    b"page": "\n",
    b"row": "\n",
    b"line": "\n",
    b"cell": " | ",
    b"nestcell": " | ",
    b"tab": "\t",
    b"emdash": "—",
    b"endash": "–",
    b"bullet": "•",
    b"lquote": "‘",
    b"rquote": "’",
    b"ldblquote": "“",
    b"rdblquote": "”",
    b"~": "\u00a0",
    b"_": "-",
    b"\n": "\n",
    b"\r": "\n",
    b"{": "{",
    b"}": "}",
    b"\\": "\\",
}
# Character sets of fonts (specification, "Font Table") as code pages.
_CHARSETS = {
    0: 1252,
    2: 1252,
    77: 10000,
    128: 932,
    129: 949,
    134: 936,
    136: 950,
    161: 1253,
    162: 1254,
    163: 1258,
    177: 1255,
}
_CHARSETS |= {178: 1256, 186: 1257, 204: 1251, 222: 874, 238: 1250, 254: 437}


@dataclass
class _Group:
    is_skipped: bool = False
    info: str = ""
    is_hidden: bool = False
    in_fonts: bool = False
    codec: str = ""
    num_fallbacks: int = 1


def has_magic(head: bytes) -> bool:
    """Whether it is RTF: it may hold binary data, and says itself in which code page its text is."""
    return head.lstrip()[:5] == b"{\\rtf"


def read(file: InputFile) -> Iterator[Document]:
    """One document, or parts of a long one."""
    parser = _Parser()
    parser.parse(file.whole_bytes())
    meta = {name: " ".join("".join(pieces).split())[:500] for name, pieces in parser.info.items()}
    return file.documents(iter([parser.text()]), meta={name: value for name, value in meta.items() if value})


@dataclass
class _Parser:
    info: dict[str, list[str]] = field(default_factory=dict)
    _pieces: list[str] = field(default_factory=list)
    _raw: bytearray = field(default_factory=bytearray)
    _codec: str = "cp1252"
    _fonts: dict[int, str] = field(default_factory=dict)
    _font: int = 0
    _group: _Group = field(default_factory=_Group)
    _stack: list[_Group] = field(default_factory=list)
    _num_to_skip: int = 0
    _is_optional: bool = False

    def text(self) -> str:
        """The text, tidied: cells end with a bar, paragraphs are parted by a blank line outside tables."""
        text = without_surrogates("".join(self._pieces))
        text = re.sub(r"(?: \|)* *$", "", text, flags=re.MULTILINE)
        return re.sub(r"\n{3,}", "\n\n", text).strip()

    def parse(self, data: bytes) -> None:
        """Go through all tokens; what is out of place is passed over."""
        place = 0
        while (found := _TOKEN.match(data, place)) is not None:
            place = found.end()
            if found["brace"]:
                self._brace(found["brace"])
            elif found["word"]:
                if found["word"] == b"bin":
                    place += max(0, int(found["value"] or 0))
                else:
                    self._word(found["word"], int(found["value"]) if found["value"] else None)
            elif found["sign"]:
                self._sign(found["sign"])
            elif found["hex"]:
                self._add_bytes(bytes([int(found["hex"], 16)]))
            elif found["text"]:
                self._add_bytes(found["text"])
        self._flush()

    def _brace(self, brace: bytes) -> None:
        self._flush()
        self._num_to_skip = 0
        self._is_optional = False
        if brace == b"{":
            self._stack.append(self._group)
            self._group = replace(self._group)
        elif self._stack:
            self._group = self._stack.pop()

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            self._is_optional = True
        elif sign in _CHARACTERS:
            self._add(_CHARACTERS[sign])

    def _word(self, word: bytes, value: int | None) -> None:
        group = self._group
        if word == b"fonttbl":
            group.is_skipped = group.in_fonts = True
        elif word in _INFO and group.is_skipped and self._stack:
            group.info = _INFO[word]
        elif word == b"info" or word in _SKIPPED or (self._is_optional and word not in {b"shppict", b"pnseclvl"}):
            group.is_skipped = True
            if word == b"info":
                group.in_fonts = False
        elif word == b"ansicpg" and value:
            self._codec = _codec(value, self._codec)
        elif word == b"f" and value is not None:
            self._flush()
            self._font = value
            if not group.in_fonts:
                group.codec = self._fonts.get(value, "")
        elif word == b"fcharset" and group.in_fonts and value:
            self._fonts[self._font] = _codec(_CHARSETS.get(value, 0), self._codec)
        elif word == b"uc" and value is not None:
            group.num_fallbacks = value
        elif word == b"u" and value is not None:
            self._add(chr(value & 0xFFFF))
            self._num_to_skip = group.num_fallbacks
        elif word in {b"v", b"deleted"}:
            self._flush()
            group.is_hidden = value != 0
        elif word == b"plain":
            self._flush()
            group.is_hidden, group.codec = False, ""
        elif word in _CHARACTERS:
            self._add(_CHARACTERS[word])
        self._is_optional = False

    def _add_bytes(self, data: bytes) -> None:
        skipped = min(self._num_to_skip, len(data))
        self._num_to_skip -= skipped
        self._raw += data[skipped:]

    def _add(self, text: str) -> None:
        self._flush()
        self._num_to_skip = 0
        self._write(text)

    def _flush(self) -> None:
        if self._raw:
            self._write(self._raw.decode(self._group.codec or self._codec, "replace"))
            self._raw.clear()

    def _write(self, text: str) -> None:
        if self._group.info:
            self.info.setdefault(self._group.info, []).append(text)
        elif not self._group.is_skipped and not self._group.is_hidden:
            self._pieces.append(text)


def _codec(code_page: int, default: str) -> str:
    name = "mac-roman" if code_page == 10000 else f"cp{code_page}"
    return name if is_known_codec(name) else default
