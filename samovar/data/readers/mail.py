"""E-mail (eml): headers and body; every attachment is read as a file of its own."""

from __future__ import annotations

import email
import io
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import BinaryIO, cast

from samovar.data.document import Document
from samovar.data.encoding import encoding_of, is_known_codec
from samovar.data.readers.input_file import InputFile
from samovar.data.readers.members import begin_archive, read_member, text_of_page

SUFFIXES = (".eml",)

_HEADER = re.compile(rb"([A-Za-z][A-Za-z0-9-]{1,60}):(?:[ \t][^\n]*|\r?)\n(?:[ \t][^\n]*\n)*")
_TELLING = {
    b"from",
    b"to",
    b"subject",
    b"date",
    b"message-id",
    b"received",
    b"return-path",
    b"mime-version",
    b"delivered-to",
}
_SHOWN = ("From", "To", "Cc", "Date", "Subject")
_MAX_PARTS = 1000


def has_magic(head: bytes) -> bool:
    """Whether it begins with headers of a letter, at least three of the usual ones."""
    place, found = 0, set()
    while header := _HEADER.match(head, place):
        found.add(header[1].lower())
        place = header.end()
    return len(found & _TELLING) >= 3


def read(file: InputFile) -> Iterator[Document]:
    """The letter as a document, and the documents of its attachments."""
    begin_archive(file)
    return letter_documents(file, file.whole_bytes())


def letter_documents(file: InputFile, data: bytes, number: int = 0) -> Iterator[Document]:
    """The documents of one letter; ``number`` is its place in a mailbox."""
    letter = email.message_from_bytes(data)
    meta = _meta(letter)
    place = str(number) if number else ""
    if place:
        meta["message"] = place
    parts = _leaves(letter)
    body = _body(file, parts)
    head = "".join(f"{name}: {value}\n" for name in _SHOWN if (value := header_text(letter, name)))
    if body.strip():
        yield from file.documents(iter([f"{head}\n{body}" if head else body]), place=place, meta=meta)
    for index, part in enumerate(parts, 1):
        if _is_attachment(part):
            yield from _attachment(file, part, f"{place}/" if place else "", index, meta)


def header_text(letter: Message, name: str) -> str:
    """A header decoded, in one line; '' where there is none."""
    value = letter.get(name)
    return "" if value is None else _header_decoded(value)


def _header_decoded(value: str) -> str:
    try:
        pieces = decode_header(value)
    except (ValueError, email.errors.HeaderParseError):
        pieces = [(str(value), None)]
    text = "".join(piece if isinstance(piece, str) else _decoded(piece, charset or "") for piece, charset in pieces)
    # Bytes that no header may have come as halves of surrogate pairs.
    raw = text.encode("utf-8", "surrogateescape")
    return " ".join(_decoded(raw, "").split())


def _meta(letter: Message) -> dict[str, str]:
    meta = {"author": header_text(letter, "From"), "title": header_text(letter, "Subject")}
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        meta["date"] = parsedate_to_datetime(header_text(letter, "Date")).isoformat()
    return {name: value[:500] for name, value in meta.items() if value}


def _leaves(letter: Message) -> list[Message]:
    """The parts that hold something, in their order. A letter inside a letter counts as an attachment."""
    leaves: list[Message] = []
    stack: list[Message] = [letter]
    while stack and len(leaves) < _MAX_PARTS:
        part = stack.pop()
        content = part.get_payload()
        if isinstance(content, list) and part.get_content_maintype() == "multipart":
            stack += reversed([inner for inner in content if isinstance(inner, Message)])
        else:
            leaves.append(part)
    return leaves


def _is_attachment(part: Message) -> bool:
    if part.get_content_disposition() == "attachment" or part.get_filename():
        return True
    return part.get_content_maintype() not in {"text", "multipart"}


def _body(file: InputFile, parts: list[Message]) -> str:
    """The plain text of the letter, or the text of its page where it has only that."""
    for kind in ("text/plain", "text/html"):
        texts = [
            _part_text(file, part) for part in parts if part.get_content_type() == kind and not _is_attachment(part)
        ]
        if any(text.strip() for text in texts):
            return "\n\n".join(text.strip() for text in texts if text.strip())
    return ""


def _part_text(file: InputFile, part: Message) -> str:
    data = _content(part)
    text = _decoded(data, part.get_content_charset("")).replace("\r\n", "\n")
    return text_of_page(file, text) if part.get_content_type() == "text/html" else text


def _content(part: Message) -> bytes:
    """The bytes of a part; those of a letter inside the letter are its source."""
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        return inner[0].as_bytes() if isinstance(inner, list) and inner and isinstance(inner[0], Message) else b""
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _decoded(data: bytes, charset: str) -> str:
    """Text in the charset it states, unless that is wrong or unknown: then as a file of unknown encoding."""
    if is_known_codec(charset):
        try:
            return data.decode(charset)
        except (UnicodeError, ValueError):
            pass
    found = encoding_of(cast(BinaryIO, io.BytesIO(data))).name
    return data.decode(found or "latin-1", "replace")


def _attachment(file: InputFile, part: Message, folder: str, index: int, meta: dict[str, str]) -> Iterator[Document]:
    try:
        data = _content(part)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        file.account.note("a damaged attachment, left out", f"{folder}{index}")
        return
    stated = part.get_filename()
    name = _header_decoded(str(stated)).replace("/", "_").replace("\\", "_") if stated else ""
    if not name:
        name = f"attachment{index}.eml" if part.get_content_type() == "message/rfc822" else f"attachment{index}"

    def stream() -> AbstractContextManager[BinaryIO]:
        return nullcontext(cast(BinaryIO, io.BytesIO(data)))

    from_letter = {key: meta[key] for key in ("author", "date") if key in meta}
    yield from read_member(
        file,
        f"{folder}{name.lstrip('.')}",
        stream,
        size_bytes=len(data),
        meta=from_letter | {"member": f"{folder}{name}"},
        budget=file.budget,
    )
