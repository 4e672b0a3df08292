"""A file on its way to becoming documents: its decoded text in bounded pieces, and the account of its problems."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from samovar.core.progress import short_bytes
from samovar.data.account import FileAccount
from samovar.data.document import Document
from samovar.data.encoding import BLOCK_BYTES, detect_encoding, is_known_codec
from samovar.data.splitting import split_text

# Formats that cannot be read in pieces (HTML, a JSON array) are read whole up to this size.
WHOLE_FILE_BYTES = 64 << 20
# A longer line of JSON Lines or CSV is dropped.
LINE_CHARACTERS = 16 << 20


class UnreadableError(Exception):
    """The file gives no (more) documents, for the reason that the message says."""


@dataclass
class InputFile:
    """A file, how it is called in ids and reports, and how it is to be read."""

    path: Path
    name: str
    account: FileAccount
    text_field: str | None = None
    separator: str | None = None
    max_document_characters: int = 4_000_000
    encoding: str = field(default="utf-8", init=False)

    def find_encoding(self) -> None:
        """Find out how to decode it.

        Raises:
            UnreadableError: it is not text.
        """
        found = detect_encoding(self.path)
        if not found.name:
            raise UnreadableError(found.problem)
        self.encoding = self.account.encoding = found.name
        if found.is_damaged:
            self.account.note("broken bytes in the text, read as \ufffd")

    def declare_encoding(self, name: str) -> None:
        """Trust the encoding ``name`` that the file states, unless its bytes already settled it."""
        if not self.encoding.startswith("utf") and is_known_codec(name):
            self.encoding = self.account.encoding = name.lower()

    def head(self, num_characters: int) -> str:
        """The first characters of the text."""
        with self.path.open("rb") as file:
            return codecs.getincrementaldecoder(self.encoding)("replace").decode(file.read(4 * num_characters))

    def blocks(self) -> Iterator[str]:
        """The text in blocks of about a million characters."""
        decoder = codecs.getincrementaldecoder(self.encoding)("replace")
        with self.path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                yield decoder.decode(block)
        yield decoder.decode(b"", final=True)

    def lines(self) -> Iterator[str]:
        """The text in lines with their ends, of any kind; lines over 16 million characters are left out."""
        with self.path.open(encoding=self.encoding, errors="replace", newline="") as file:
            number = 0
            while line := file.readline(LINE_CHARACTERS):
                number += 1
                if len(line) == LINE_CHARACTERS and not line.endswith(("\n", "\r")):
                    self.account.note("a line over 16 million characters, left out", f"line {number}")
                    while line and not line.endswith(("\n", "\r")):
                        line = file.readline(LINE_CHARACTERS)
                    line = "\n"
                yield line

    def whole(self) -> str:
        """All of the text at once.

        Raises:
            UnreadableError: it is larger than 64 MiB.
        """
        size_bytes = self.path.stat().st_size
        if size_bytes > WHOLE_FILE_BYTES:
            raise UnreadableError(
                f"larger than {short_bytes(WHOLE_FILE_BYTES)}, and its format cannot be read in parts"
            )
        return "".join(self.blocks())

    def documents(
        self, blocks: Iterator[str], *, place: str = "", meta: dict[str, str] | None = None
    ) -> Iterator[Document]:
        """The text that ``blocks`` add up to, as one document or, where it is too long, as numbered parts.

        ``place`` tells documents of one file apart in their ids.
        """
        identity = f"{self.name}:{place}" if place else self.name
        meta = meta or {}
        for number, text in enumerate(split_text(blocks, self.max_document_characters), 1):
            if not text.strip():
                continue
            if number == 1:
                yield Document(identity, text, self.name, dict(meta))
                continue
            if number == 2:
                self.account.note(f"split into parts of at most {self.max_document_characters:,} characters", place)
            yield Document(f"{identity}#{number}", text, self.name, meta | {"part": str(number)})
