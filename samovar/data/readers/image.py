"""Pictures, read by OCR where the source asks for it."""

from __future__ import annotations

from collections.abc import Iterator

from samovar.data.document import Document
from samovar.data.readers.input_file import InputFile, UnreadableError
from samovar.data.readers.ocr import text_of_image

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif")
IS_ISOLATED = True

_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"GIF87a", b"GIF89a")


def has_magic(head: bytes) -> bool:
    """Whether it is a picture of a kind that tesseract opens."""
    return head.startswith(_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def read(file: InputFile) -> Iterator[Document]:
    """One document of the words in the picture."""
    if not file.ocr:
        raise UnreadableError("an image, which only OCR reads")
    text = text_of_image(file.whole_bytes(), file.ocr)
    if not text.strip():
        raise UnreadableError("an image without words that OCR could read")
    file.account.note("an image, read by OCR")
    return file.documents(iter([text]))
