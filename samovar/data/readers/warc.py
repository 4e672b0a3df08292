"""Archives of the web (WARC) and texts made of them (WET): a document a page, streamed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from samovar.core.extras import require
from samovar.data.document import Document
from samovar.data.encoding import encoding_of, is_known_codec
from samovar.data.readers.html import declared_charset, read_page
from samovar.data.readers.input_file import InputFile, UnreadableError

SUFFIXES = (".warc", ".wet")
IS_ISOLATED = True
READS_PACKED = ("gzip", "zstd")

_MAX_RECORD_BYTES = 32 << 20
# A page of more tags is no page, and its parser may take minutes where they are nested.
_MAX_TAGS = 100_000


def has_magic(head: bytes) -> bool:
    """Whether it begins with a record."""
    return head.startswith((b"WARC/1.", b"WARC/0."))


def read(file: InputFile) -> Iterator[Document]:
    """The texts of answered pages and of converted records; others are counted by their type."""
    fastwarc = require("fastwarc.warc", extra="data")
    kinds = fastwarc.WarcRecordType
    # FastWARC unpacks the file itself, a record at a time: offsets are those by which an index finds a record.
    with file.path.open("rb") as stream:
        try:
            records = fastwarc.ArchiveIterator(
                stream,
                record_types=kinds.response | kinds.conversion | kinds.resource,
                parse_http=True,
                auto_decode="all",
            )
            for number, record in enumerate(records, 1):
                yield from _documents(file, record, number)
        except (OSError, ValueError, EOFError) as error:
            raise UnreadableError(f"a damaged archive of the web: {error}"[:200]) from error


def _documents(file: InputFile, record: Any, number: int) -> Iterator[Document]:
    kind = (record.http_content_type or record.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    where = f"record {number}"
    if kind and kind not in {"text/html", "application/xhtml+xml", "text/plain"}:
        file.account.note(f"a record of type {kind[:60]}, left out", where)
        return
    data = record.reader.read(_MAX_RECORD_BYTES + 1)
    if len(data) > _MAX_RECORD_BYTES:
        file.account.note("a record of over 32 MiB, left out", where)
        return
    text = _decoded(data, record.http_charset or "")
    if text is None:
        file.account.note("a record that is not text, left out", where)
        return
    meta = _meta(record)
    if "html" in kind or (not kind and "<html" in text[:1000].lower()):
        if text.count("<") > 2 * _MAX_TAGS:
            file.account.note("a page of over 100,000 tags, left out", where)
            return
        page = read_page(text)
        text, meta = page.text, page.meta | meta
    yield from file.documents(iter([text]), place=str(number), meta=meta)


def _meta(record: Any) -> dict[str, str]:
    headers = record.headers
    stated = {
        "url": headers.get("WARC-Target-URI"),
        "date": headers.get("WARC-Date"),
        "language": headers.get("WARC-Identified-Content-Language"),
        "record": headers.get("WARC-Record-ID"),
        "offset": str(record.stream_pos),
    }
    return {name: str(value)[:2000] for name, value in stated.items() if value}


def _decoded(data: bytes, charset: str) -> str | None:
    """The text of a record, in the charset that the server or the page states; None where it is no text."""
    for stated in (charset, declared_charset(data[:2048].decode("latin-1"))):
        if is_known_codec(stated):
            try:
                return data.decode(stated)
            except (UnicodeError, ValueError):
                continue
    found = encoding_of(cast(BinaryIO, io.BytesIO(data))).name
    return data.decode(found, "replace") if found else None
