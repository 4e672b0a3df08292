"""PDF: the text of its pages in reading order, without running heads; scanned pages are counted, or read by OCR."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from samovar.core.extras import require
from samovar.data.document import Document
from samovar.data.readers.input_file import InputFile, UnreadableError
from samovar.data.readers.ocr import grey_map, text_of_image
from samovar.data.readers.pdf_layout import flowing_text, without_running_lines

SUFFIXES = (".pdf",)
IS_ISOLATED = True

# A page with fewer letters and with a picture is a scan: a stamp or a page number may have been put over it.
_SCAN_LETTERS = 20
_MAX_PAGES = 100_000
# 200 dots an inch are what tesseract's documentation asks for at least; PDF counts 72 points an inch.
_OCR_SCALE = 200 / 72
# Pages larger than this (A0 at 200 dpi is 60 million) are not rendered.
_OCR_MAX_PIXELS = 80_000_000
_META = {"Title": "title", "Author": "author", "CreationDate": "created"}
_DATE = re.compile(r"D:(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?")


def has_magic(head: bytes) -> bool:
    """Whether it begins as PDF, after white space or a binary head that some programs put before it."""
    before, signature, _ = head[:1024].partition(b"%PDF-")
    return bool(signature) and (not before.strip(b"\xef\xbb\xbf \t\r\n") or b"\0" in before)


def read(file: InputFile) -> Iterator[Document]:
    """One document of all pages, or parts of whole pages of a long one."""
    pdfium = require("pypdfium2", extra="data")
    with file.on_disk() as path:
        pdf = _opened(pdfium, str(path))
        try:
            pages = list(_pages(file, pdfium, pdf))
            meta = _meta(pdf)
        finally:
            pdf.close()
    texts = without_running_lines([lines for _, lines in pages])
    sections = ((number, flowing_text(lines)) for (number, _), lines in zip(pages, texts, strict=True))
    return file.documents_of_sections(sections, unit="page", meta=meta)


def _opened(pdfium: Any, path: str) -> Any:
    try:
        return pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise UnreadableError("protected with a password") from error
        raise UnreadableError("a damaged PDF document") from error


def _pages(file: InputFile, pdfium: Any, pdf: Any) -> Iterator[tuple[int, list[str]]]:
    """The lines of every page that has text, with its number."""
    num_pages = len(pdf)
    if not num_pages:
        raise UnreadableError("a damaged PDF document: it has no pages")
    for number in range(1, min(num_pages, _MAX_PAGES) + 1):
        try:
            page = pdf[number - 1]
            text = page.get_textpage().get_text_range()
            is_scan = not _has_words(text) and _has_picture(pdfium, page)
            if is_scan and file.ocr:
                text = _text_by_ocr(file, page)
                file.account.note("a scanned page, read by OCR", f"page {number}")
            elif is_scan:
                file.account.note("a scanned page, which only OCR reads", f"page {number}")
        except pdfium.PdfiumError:
            file.account.note("a damaged page, left out", f"page {number}")
            continue
        yield number, text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _has_words(text: str) -> bool:
    letters = (character for character in text if character.isalpha())
    return sum(1 for _ in islice(letters, _SCAN_LETTERS)) == _SCAN_LETTERS


def _has_picture(pdfium: Any, page: Any) -> bool:
    return any(True for _ in page.get_objects(filter=[pdfium.raw.FPDF_PAGEOBJ_IMAGE], max_depth=3))


def _text_by_ocr(file: InputFile, page: Any) -> str:
    width, height = page.get_size()
    if width * height * _OCR_SCALE**2 > _OCR_MAX_PIXELS:
        return ""
    bitmap = page.render(scale=_OCR_SCALE, grayscale=True)
    return text_of_image(grey_map(bitmap.to_numpy()), file.ocr or "")


def _meta(pdf: Any) -> dict[str, str]:
    stated = pdf.get_metadata_dict(skip_empty=True)
    meta = {name: " ".join(stated[key].split())[:500] for key, name in _META.items() if key in stated}
    if "created" in meta:
        meta["created"] = _iso_date(meta["created"])
    return {name: value for name, value in meta.items() if value}


def _iso_date(text: str) -> str:
    """PDF's `D:20240131120000+03'00'` as ISO 8601, without the zone, which many writers get wrong."""
    found = _DATE.match(text)
    if found is None:
        return ""
    year, month, day, *time = found.groups()
    return f"{year}-{month}-{day}" + (f"T{':'.join(time)}" if time[0] else "")
