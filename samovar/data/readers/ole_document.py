"""Office files of before 2007 (and new ones with a password): old workbooks are read, the rest is named."""

from __future__ import annotations

from collections.abc import Iterator

from samovar.core.extras import require
from samovar.data.document import Document
from samovar.data.readers.input_file import InputFile, UnreadableError
from samovar.data.readers.spreadsheet import sheets
from samovar.data.readers.word_binary import word_text

SUFFIXES = (".xls", ".doc", ".ppt", ".msg")
IS_ISOLATED = True


def has_magic(head: bytes) -> bool:
    """Whether it is an OLE container."""
    return head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")


def read(file: InputFile) -> Iterator[Document]:
    """The documents of a workbook or a Word document."""
    olefile = require("olefile", extra="data")
    with file.on_disk() as path:
        try:
            with olefile.OleFileIO(str(path)) as container:
                names = {entry[0] for entry in container.listdir()}
                if "EncryptedPackage" in names:
                    raise UnreadableError("protected with a password")
                meta = _meta(container)
                if "WordDocument" in names:
                    file.account.format = "word_binary"
                    yield from file.documents(iter([word_text(container)]), meta=meta)
                    return
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise UnreadableError("a damaged old Office document") from error
    if names & {"Workbook", "Book"}:
        file.account.format = "spreadsheet"
        yield from sheets(file, meta)
    elif "PowerPoint Document" in names:
        raise UnreadableError("an old PowerPoint document, which no reader here opens: save it as pptx")
    elif "__properties_version1.0" in names:
        raise UnreadableError("a letter of Outlook, which no reader here opens: save it as eml")
    else:
        raise UnreadableError("an OLE container, which no reader here opens")


def _meta(container: object) -> dict[str, str]:
    """Author and title; the text of properties is in the code page that the document states."""
    stated = container.get_metadata()  # type: ignore[attr-defined]
    codec = f"cp{stated.codepage}" if stated.codepage and stated.codepage > 0 else "utf-8"
    meta = {}
    for name, value in (("title", stated.title), ("author", stated.author), ("owner", stated.company)):
        if isinstance(value, bytes) and value:
            try:
                meta[name] = value.decode(codec, "replace").strip("\0 ")[:500]
            except LookupError:
                meta[name] = value.decode("utf-8", "replace").strip("\0 ")[:500]
    return {name: value for name, value in meta.items() if value}
