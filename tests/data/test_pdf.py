"""PDF documents, made by hand: pages, scans, OCR, passwords, layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from samovar.data.readers.isolation import close_children
from samovar.data.readers.pdf_layout import flowing_text, without_running_lines
from tests.data.reading import read, read_one


def pdf_bytes(pages: list[list[str]], *, has_picture: bool = False, extra: str = "") -> bytes:
    """A PDF with a line of Helvetica after another on every page, written by hand."""
    objects = ["<</Type/Catalog/Pages 2 0 R>>", "", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    objects.append("<</Title(The title)/Author(Ann)/CreationDate(D:20240131120000+03'00')>>")
    picture = "/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8/Length 1"
    objects.append(f"<</Type/XObject{picture}>>stream\nx\nendstream")
    kids = []
    for lines in pages:
        drawn = "".join(f"1 0 0 1 50 {800 - 14 * number} Tm ({line}) Tj " for number, line in enumerate(lines))
        content = f"BT /F 10 Tf {drawn} ET" + (" q 100 0 0 100 0 0 cm /P Do Q" if has_picture else "")
        objects.append(f"<</Length {len(content)}>>stream\n{content}\nendstream")
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {len(objects)} 0 R"
            "/Resources<</Font<</F 3 0 R>>/XObject<</P 5 0 R>>>>>>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<</Type/Pages/Count {len(kids)}/Kids[{' '.join(kids)}]>>"
    data, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj{body}endobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    return (
        f"{data}xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Size {size}/Root 1 0 R/Info 4 0 R{extra}>>\n"
        f"startxref\n{len(data)}\n%%EOF"
    ).encode("latin-1")


def test_pdf_pages(tmp_path: Path) -> None:
    path = tmp_path / "report.bin"
    path.write_bytes(pdf_bytes([["Head", "First page."], [], ["Head", "Third page."]]))
    document = read_one(path)
    assert document.text == "Head\nFirst page.\n\nHead\nThird page."
    assert document.meta == {
        "title": "The title",
        "author": "Ann",
        "created": "2024-01-31T12:00:00",
        "pages": "1-3",
        "page_starts": "[0, 18]",
    }
    parts, _ = read(path, max_document_characters=25)
    assert [(part.id, part.meta["pages"]) for part in parts] == [("report.bin:page1", "1"), ("report.bin:page3", "3")]


def test_scanned_pages_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(pdf_bytes([[], ["7"]], has_picture=True))
    documents, account = read(path)
    assert [document.text for document in documents] == []
    assert account.notes == {"a scanned page, which only OCR reads": (2, "page 1")}


def test_scanned_pages_are_read_by_tesseract_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands in for tesseract with a program that checks what it gets: an image, and the languages."""
    program = tmp_path / "bin" / "tesseract"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\n[ "$1 $2 $3 $4" = "stdin stdout -l rus+eng" ] && [ "$(head -c 2)" = P5 ] && echo "read words"\n'
    )
    program.chmod(0o755)
    close_children()  # a child keeps the PATH of its start
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    path = tmp_path / "scan.pdf"
    path.write_bytes(pdf_bytes([[]], has_picture=True))
    (document,), account = read(path, ocr="rus+eng")
    close_children()
    assert document.text == "read words"
    assert account.notes == {"a scanned page, read by OCR": (1, "page 1")}


def test_ocr_without_tesseract_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    close_children()
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "scan.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n....")
    _, account = read(path, ocr="eng")
    close_children()
    assert account.reason.startswith("OCR was asked for, and tesseract is not installed: install tesseract-ocr")


def test_pdf_with_a_password_is_named(tmp_path: Path) -> None:
    path = tmp_path / "locked.pdf"
    key = "<" + "41" * 32 + ">"
    lock = f"/ID[{key[:33]}>{key[:33]}>]/Encrypt<</Filter/Standard/V 1/R 2/O{key}/U{key}/P -4>>"
    path.write_bytes(pdf_bytes([["secret"]], extra=lock))
    _, account = read(path)
    assert account.reason == "protected with a password"


def test_lines_of_a_page_become_paragraphs() -> None:
    lines = [
        "The council met on Tuesday to decide what should be",
        "done about the bridge, which has been closed for re\ufffe",
        "pairs since the flood of last spring and is not safe.",
        "It will be rebuilt.",
        "The coun\ufffecil broke a word within what PDFium takes for one line.",
        "1. The first point stands alone in a line of its own",
        "2. The second point",
        "",
        "Contents . . . . . . . . 12",
        "A new paragraph.",
    ]
    assert flowing_text(lines) == (
        "The council met on Tuesday to decide what should be done about the bridge, which has been closed for repairs "
        "since the flood of last spring and is not safe. It will be rebuilt.\n"
        "The council broke a word within what PDFium takes for one line.\n"
        "1. The first point stands alone in a line of its own\n2. The second point\n\nA new paragraph."
    )


def test_running_heads_and_page_numbers_go() -> None:
    pages = [
        [f"Annual report, page {number}", "", f"Words of {word}.", f"More of {word}.", str(number)]
        for number, word in enumerate("abcd")
    ]
    assert without_running_lines(pages) == [[f"Words of {word}.", f"More of {word}."] for word in "abcd"]


def test_rows_of_numbers_at_the_edges_of_pages_stay() -> None:
    pages = [
        [f"{number} {number + 40} 3.5", f"Words of {word}.", f"{number} 1,200 (7%)"]
        for number, word in enumerate("abcd")
    ]
    assert without_running_lines(pages) == pages
