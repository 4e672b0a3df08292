"""Mailboxes (mbox): a document a letter, streamed; attachments are read as files of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from samovar.data.document import Document
from samovar.data.readers.input_file import WHOLE_FILE_BYTES, InputFile
from samovar.data.readers.mail import letter_documents
from samovar.data.readers.members import begin_archive

SUFFIXES = (".mbox", ".mbx")

_LINE_BYTES = 1 << 20
_HEAD = re.compile(rb"From [^\r\n]{1,300}\r?\n>?[A-Za-z][A-Za-z0-9-]{0,60}:")
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)


def has_magic(head: bytes) -> bool:
    """Whether it begins with the line that parts letters, and a header."""
    return _HEAD.match(head) is not None


def read(file: InputFile) -> Iterator[Document]:
    """The documents of every letter. Letters over 64 MiB are left out and counted."""
    begin_archive(file)
    for number, letter in enumerate(_letters(file), 1):
        if len(letter) > WHOLE_FILE_BYTES:
            file.account.note("a letter over 64 MiB, left out", f"letter {number}")
            continue
        try:
            yield from letter_documents(file, _QUOTED.sub(rb"\1", letter), number)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            file.account.note(f"a damaged letter, left out ({type(error).__name__})", f"letter {number}")


def _letters(file: InputFile) -> Iterator[bytes]:
    """The letters; of one that is too long, a little more than is allowed."""
    held: list[bytes] = []
    size_bytes = 0
    is_after_blank = True
    with file.open() as stream:
        while line := stream.readline(_LINE_BYTES):
            if is_after_blank and line.startswith(b"From ") and line.endswith(b"\n"):
                if held:
                    yield b"".join(held)
                held, size_bytes = [], 0
                continue
            if size_bytes <= WHOLE_FILE_BYTES:
                held.append(line)
                size_bytes += len(line)
            is_after_blank = not line.strip()
    if held:
        yield b"".join(held)
