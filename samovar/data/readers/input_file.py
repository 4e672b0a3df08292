"""A file on its way to becoming documents: its decoded text in bounded pieces, and the account of its problems."""

from __future__ import annotations

import codecs
import io
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from samovar.core.progress import short_bytes
from samovar.data.account import FileAccount
from samovar.data.document import Document
from samovar.data.encoding import BLOCK_BYTES, encoding_of, is_known_codec, without_surrogates
from samovar.data.readers.compression import Budget, open_unpacked, unpacked_name
from samovar.data.readers.problems import UnreadableError
from samovar.data.splitting import split_text

__all__ = ["InputFile", "UnreadableError"]

# Formats that cannot be read in pieces (HTML, a JSON array) are read whole up to this size.
WHOLE_FILE_BYTES = 64 << 20
# A longer line of JSON Lines or CSV is dropped.
LINE_CHARACTERS = 16 << 20


@dataclass
class InputFile:
    """A file, how it is called in ids and reports, and how it is to be read."""

    path: Path
    name: str
    account: FileAccount
    text_field: str | None = None
    separator: str | None = None
    max_document_characters: int = 4_000_000
    ocr: str | None = None
    """Languages by which tesseract reads scanned pages, as `rus+eng`; None leaves them out."""
    skip: tuple[str, ...] = ()
    """Patterns of members of archives to leave out."""
    meta: dict[str, str] = field(default_factory=dict)
    """What holds for every document in it: `modified`, and the licence of its data set."""
    is_copy: bool = False
    """Whether ``path`` is a temporary copy, whose place and time say nothing."""
    depth: int = 0
    """How many archives it lies in."""
    compression: str = ""
    """How its bytes are packed, found by ``read_file``."""
    budget: Budget | None = None
    """What the archive that it lies in may still give."""
    encoding: str = field(default="utf-8", init=False)
    times_named: Counter[str] = field(default_factory=Counter, init=False)
    """How often each name was met among what lies in it."""

    @property
    def suffix(self) -> str:
        """The end of its name when unpacked, as `.txt`, in small letters."""
        return PurePosixPath(unpacked_name(self.name) if self.compression else self.name).suffix.lower()

    def open(self) -> BinaryIO:
        """Its bytes, unpacked."""
        return open_unpacked(self.path, self.compression, self.budget)

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """A path to its unpacked bytes, for readers that need more than a stream."""
        if not self.compression:
            yield self.path
            return
        with (
            tempfile.NamedTemporaryFile(prefix="samovar-") as copy,
            self.open() as stream,
        ):
            shutil.copyfileobj(stream, copy, BLOCK_BYTES)
            copy.flush()
            yield Path(copy.name)

    def first_bytes(self, size_bytes: int) -> bytes:
        """The first of its bytes."""
        with self.open() as file:
            return file.read(size_bytes)

    def find_encoding(self) -> None:
        """Find out how to decode it.

        Raises:
            UnreadableError: it is not text.
        """
        with self.open() as file:
            found = encoding_of(file)
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
        return codecs.getincrementaldecoder(self.encoding)("replace").decode(self.first_bytes(4 * num_characters))

    def blocks(self) -> Iterator[str]:
        """The text in blocks of about a million characters."""
        decoder = codecs.getincrementaldecoder(self.encoding)("replace")
        with self.open() as file:
            while block := file.read(BLOCK_BYTES):
                yield decoder.decode(block)
        yield decoder.decode(b"", final=True)

    def lines(self) -> Iterator[str]:
        """The text in lines with their ends, of any kind; lines over 16 million characters are left out."""
        with self.open() as stream, io.TextIOWrapper(stream, self.encoding, errors="replace", newline="") as file:
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
        return self.whole_bytes().decode(self.encoding, "replace")

    def whole_bytes(self) -> bytes:
        """All of its bytes at once.

        Raises:
            UnreadableError: they are more than 64 MiB.
        """
        with self.open() as file:
            data = file.read(WHOLE_FILE_BYTES + 1)
        if len(data) > WHOLE_FILE_BYTES:
            raise UnreadableError(
                f"larger than {short_bytes(WHOLE_FILE_BYTES)}, and its format cannot be read in parts"
            )
        return data

    def documents(
        self, blocks: Iterator[str], *, place: str = "", meta: dict[str, str] | None = None
    ) -> Iterator[Document]:
        """The text that ``blocks`` add up to, as one document or, where it is too long, as numbered parts.

        ``place`` tells documents of one file apart in their ids.
        """
        identity = f"{self.name}:{place}" if place else self.name
        meta = {name: without_surrogates(value) for name, value in (self.meta | (meta or {})).items()}
        for number, text in enumerate(split_text(blocks, self.max_document_characters), 1):
            if not text.strip():
                continue
            if number == 1:
                yield Document(identity, text, self.name, dict(meta))
                continue
            if number == 2:
                self.account.note(f"split into parts of at most {self.max_document_characters:,} characters", place)
            yield Document(f"{identity}#{number}", text, self.name, meta | {"part": str(number)})

    def documents_of_sections(
        self, sections: Iterable[tuple[int, str]], *, unit: str, meta: dict[str, str] | None = None
    ) -> Iterator[Document]:
        """One document of numbered sections (pages, slides, chapters), or several of whole sections where it is long.

        Each says in its meta which it holds (``pages``: ``1-12``) and at which character each begins
        (``page_starts``: a list in JSON).
        """
        held: list[tuple[int, str]] = []
        num_characters = 0
        is_whole = True
        for number, text in sections:
            if not text.strip():
                continue
            if held and num_characters + len(text) > self.max_document_characters:
                is_whole = False
                yield from self._sections(held, unit, meta, is_whole)
                held, num_characters = [], 0
            held.append((number, text))
            num_characters += len(text) + 2
        if held:
            yield from self._sections(held, unit, meta, is_whole)

    def _sections(
        self, held: list[tuple[int, str]], unit: str, meta: dict[str, str] | None, is_whole: bool
    ) -> Iterator[Document]:
        starts = [0]
        for _, text in held:
            starts.append(starts[-1] + len(text) + 2)
        first, last = held[0][0], held[-1][0]
        where = {f"{unit}s": str(first) if first == last else f"{first}-{last}"}
        if len(held) > 1:
            where[f"{unit}_starts"] = json.dumps(starts[:-1])
        yield from self.documents(
            iter(["\n\n".join(text for _, text in held)]),
            place="" if is_whole else f"{unit}{first}",
            meta=(meta or {}) | where,
        )
