"""Books in EPUB: the chapters in their order."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from urllib.parse import unquote

from samovar.core.progress import short_bytes
from samovar.data.document import Document
from samovar.data.encoding import is_known_codec
from samovar.data.readers.html import read_page
from samovar.data.readers.input_file import WHOLE_FILE_BYTES, InputFile, UnreadableError
from samovar.data.readers.office_parts import elements, opened_parts, properties
from samovar.data.readers.zip_container import ZipContainer

SUFFIXES = (".epub",)
ZIP_TYPES = (b"application/epub+zip",)
ZIP_PARTS = ("META-INF/container.xml",)
IS_ISOLATED = True

_PAGE_TYPES = {"application/xhtml+xml", "text/html"}


def read(file: InputFile) -> Iterator[Document]:
    """One document of all chapters, or parts of whole chapters of a long book."""
    with opened_parts(file) as container:
        package = _package(container)
        meta = properties(container, package)
        parts = enumerate(_spine(container, package), 1)
        chapters = [(number, _chapter(file, container, number, part)) for number, part in parts]
    return file.documents_of_sections(chapters, unit="chapter", meta=meta)


def _package(container: ZipContainer) -> str:
    """The part that lists the others."""
    for event, tag, element in elements(container, "META-INF/container.xml"):
        if event == "start" and tag == "rootfile" and element.get("full-path") in container.names:
            return element.get("full-path", "")
    raise UnreadableError("a damaged book: it has no list of its parts")


def _spine(container: ZipContainer, package: str) -> list[str]:
    """The chapters' parts in reading order.

    Raises:
        UnreadableError: they are encrypted.
    """
    pages: dict[str, str] = {}
    order: list[str] = []
    folder = posixpath.dirname(package)
    for event, tag, element in elements(container, package):
        if event == "start" and tag == "item" and element.get("media-type") in _PAGE_TYPES:
            # The table of contents would stand before the book.
            if "nav" not in (element.get("properties") or "").split():
                where = posixpath.normpath(posixpath.join(folder, unquote(element.get("href", ""))))
                pages[element.get("id", "")] = where
        elif event == "start" and tag == "itemref":
            order.append(element.get("idref", ""))
    parts = [pages[name] for name in order if pages.get(name) in container.names]
    if "META-INF/encryption.xml" in container.names:
        for event, tag, element in elements(container, "META-INF/encryption.xml"):
            if event == "start" and tag == "CipherReference" and unquote(element.get("URI", "")) in parts:
                raise UnreadableError("protected against copying (DRM)")
    return parts


def _chapter(file: InputFile, container: ZipContainer, number: int, part: str) -> str:
    """Its text; none where it is too large to be parsed."""
    with container.part(part) as stream:
        data = stream.read(WHOLE_FILE_BYTES + 1)
    if len(data) > WHOLE_FILE_BYTES:
        file.account.note(f"a chapter larger than {short_bytes(WHOLE_FILE_BYTES)}, left out", f"chapter {number}")
        return ""
    declared = data[:200].partition(b'encoding="')[2].partition(b'"')[0].decode("ascii", "replace")
    return read_page(data.decode(declared if is_known_codec(declared) else "utf-8-sig", "replace"), is_web=False).text
