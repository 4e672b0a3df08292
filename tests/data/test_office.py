"""Office documents and books, written by other libraries or by hand."""

from __future__ import annotations

import datetime
import gzip
import json
import zipfile
from pathlib import Path

import openpyxl
import pptx
import pytest

from samovar.data.account import FileAccount
from samovar.data.readers import InputFile, epub
from tests.data.reading import read, read_one, write_contract


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    path = tmp_path / "contract.docx"
    write_contract(path)
    return path


def test_docx(contract: Path) -> None:
    document = read_one(contract)
    assert document.text == (
        "# Договор аренды\n\n# Предмет\n\nАрендодатель передаёт помещение\n\n- стол\n1. раз\n2. два\n\n"
        "Комната | Цена\n12 | 100 руб.\n\nКонец."
    )
    assert document.meta["author"] == "Мария Ким"
    assert document.meta["title"] == "Договор"


def with_part(path: Path, name: str, content: str, **parts: str) -> None:
    """Rewrite a zip container with other content in some parts."""
    with zipfile.ZipFile(path) as container:
        members = {member: container.read(member) for member in container.namelist()}
    members[name] = content.encode()
    members |= {part: text.encode() for part, text in parts.items()}
    with zipfile.ZipFile(path, "w") as container:
        for member, data in members.items():
            container.writestr(member, data)


def test_docx_accepts_changes_and_keeps_text_boxes(contract: Path) -> None:
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    with_part(
        contract,
        "word/document.xml",
        f'<w:document xmlns:w="{word}" xmlns:mc="urn:mc"><w:body><w:p><w:r><w:t>Old price </w:t></w:r>'
        "<w:del><w:r><w:delText>one</w:delText></w:r></w:del><w:ins><w:r><w:t>two</w:t></w:r></w:ins>"
        "<w:moveFrom><w:r><w:t>gone</w:t></w:r></w:moveFrom><w:r><w:tab/><w:t>tab</w:t><w:br/><w:t>line</w:t></w:r>"
        "</w:p>"
        "<w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>boxed</w:t></w:r></w:p>"
        "</w:txbxContent></mc:Choice><mc:Fallback><w:p><w:r><w:t>boxed</w:t></w:r></w:p></mc:Fallback>"
        "</mc:AlternateContent></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>out</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p>"
        "<w:r><w:t>in</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:tc><w:tc><w:p><w:r><w:t>side</w:t></w:r></w:p></w:tc>"
        "</w:tr></w:tbl></w:body></w:document>",
    )
    assert read_one(contract).text == "Old price two\ttab\nline\n\nboxed\n\nout in | side"


def with_numbers(path: Path, levels: str, items: list[tuple[int, int]], *, other_list: str = "") -> None:
    """Rewrite a document as paragraphs, each of a list (1, or 2 with what that overrides) and a level."""
    word = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    paragraphs = "".join(
        f'<w:p><w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr></w:pPr><w:r>'
        "<w:t>x</w:t></w:r></w:p>"
        for number, level in items
    )
    lists = "".join(
        f'<w:num w:numId="{number}"><w:abstractNumId w:val="0"/>{overrides}</w:num>'
        for number, overrides in ((1, ""), (2, other_list))
    )
    numbering = f'<w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>{lists}'
    with_part(
        path,
        "word/document.xml",
        f"<w:document {word}><w:body>{paragraphs}</w:body></w:document>",
        **{"word/numbering.xml": f"<w:numbering {word}>{numbering}</w:numbering>"},
    )


def test_docx_numbers_as_word_does(contract: Path) -> None:
    levels = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for level, form, text in ((0, "upperRoman", "%1."), (1, "decimal", "%1.%2."), (2, "russianLower", "%3)"))
    )
    with_numbers(contract, levels, [(1, level) for level in (0, 1, 1, 2, 2, 0, 1, 2)])
    assert read_one(contract).text.split("\n") == [
        "I. x",
        "I.1. x",
        "I.2. x",
        "а) x",
        "б) x",
        "II. x",
        "II.1. x",
        "а) x",
    ]


def test_docx_numbers_begin_anew_where_a_list_says_so(contract: Path) -> None:
    level = '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>'
    items = [(1, 0), (1, 0), (2, 0), (2, 0)]
    with_numbers(contract, level, items)
    assert read_one(contract).text == "1. x\n2. x\n3. x\n4. x"
    restart = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    with_numbers(contract, level, items, other_list=restart)
    assert read_one(contract).text == "1. x\n2. x\n1. x\n2. x"


def test_pptx(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "План"
    slide.placeholders[1].text = "Первое\nВторое"
    slide.notes_slide.notes_text_frame.text = "Говорить медленно."
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Цены"
    table = slide.shapes.add_table(2, 2, 0, 0, 100, 100).table
    for number, text in enumerate(("a", "b", "1", "2")):
        table.cell(number // 2, number % 2).text = text
    path = tmp_path / "deck.pptx"
    deck.save(str(path))
    document = read_one(path)
    assert document.text == "# План\n\nПервое\nВторое\n\nNotes: Говорить медленно.\n\n# Цены\n\na | b\n1 | 2"
    assert document.meta["slides"] == "1-2"
    starts = json.loads(document.meta["slide_starts"])
    assert [document.text[start : start + 6] for start in starts] == ["# План", "# Цены"]
    parts, _ = read(path, max_document_characters=60)
    assert [(part.id, part.meta["slides"]) for part in parts] == [
        ("deck.pptx:slide1", "1"),
        ("deck.pptx:slide2", "2"),
    ] or [part.meta["slides"] for part in parts] == ["1", "2"]


def test_xlsx_is_a_document_a_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Прайс"
    sheet.append(["Товар", "Цена", "Дата", "Есть"])
    sheet.append(["Чай", 3.5, datetime.date(2024, 1, 2), True])
    sheet.append([None, None])
    sheet.append(["Кофе", 4.0, datetime.datetime(2024, 1, 2, 3, 4), None])
    rows = book.create_sheet("rows")
    rows.append(["text", "title"])
    rows.append(["a whole story", "T"])
    hidden = book.create_sheet("lists")
    hidden.append(["x"])
    hidden.sheet_state = "hidden"
    book.properties.creator = "Ann"
    path = tmp_path / "prices.xlsx"
    book.save(path)
    (table, row), account = read(path)
    assert (
        table.text == "Товар | Цена | Дата | Есть\nЧай | 3.5 | 2024-01-02 | TRUE\nКофе | 4 | 2024-01-02 03:04:00 | \n"
    )
    assert (table.id, table.meta["sheet"], table.meta["author"]) == ("prices.xlsx:Прайс", "Прайс", "Ann")
    assert (row.id, row.text, row.meta["title"], row.meta["row"]) == ("prices.xlsx:rows:2", "a whole story", "T", "2")
    assert account.notes == {"a hidden sheet, left out": (1, "lists")}


OFFICE = 'xmlns:o="urn:office" xmlns:text="urn:text" xmlns:t="urn:table" xmlns:d="urn:draw" xmlns:dc="urn:dc"'


def write_odf(path: Path, kind: str, body: str, manifest: str = "") -> None:
    with zipfile.ZipFile(path, "w") as container:
        container.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        container.writestr("meta.xml", f"<o:meta {OFFICE}><dc:title>T</dc:title><dc:creator>Bob</dc:creator></o:meta>")
        container.writestr(
            "content.xml", f"<o:content {OFFICE}><o:body><o:{kind}>{body}</o:{kind}></o:body></o:content>"
        )
        if manifest:
            container.writestr("META-INF/manifest.xml", manifest)


def test_odt(tmp_path: Path) -> None:
    path = tmp_path / "letter.odt"
    write_odf(
        path,
        "text",
        "<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>"
        '<text:h text:outline-level="2">Head</text:h>'
        '<text:p>One<text:s text:c="2"/>two<text:note><text:note-citation>1</text:note-citation><text:note-body>'
        "<text:p>a note</text:p></text:note-body></text:note> three <text:span>four</text:span> five<text:line-break/>"
        "six"
        "</text:p><text:list><text:list-item><text:p>item</text:p></text:list-item></text:list>"
        "<t:table><t:table-row><t:table-cell><text:p>a</text:p></t:table-cell><t:table-cell><text:p>b</text:p>"
        "</t:table-cell></t:table-row></t:table>",
    )
    document = read_one(path)
    assert document.text == "## Head\n\nOne  two[1] three four five\nsix\n\n- item\n\na | b\n\n[1] a note"
    assert document.meta == {"title": "T", "author": "Bob"}


def test_odp_knows_its_slides(tmp_path: Path) -> None:
    path = tmp_path / "deck"
    write_odf(path, "presentation", "<d:page><text:p>one</text:p></d:page><d:page><text:p>two</text:p></d:page>")
    document = read_one(path)
    assert (document.text, document.meta["slides"]) == ("one\n\ntwo", "1-2")


def test_rtf(tmp_path: Path) -> None:
    path = tmp_path / "letter.doc"  # Word writes RTF under this name as well
    path.write_bytes(
        rb"{\rtf1\ansi\ansicpg1251\deff0{\fonttbl{\f0\fnil\fcharset204 Arial;}{\f1\fcharset161 Greek;}}"
        rb"{\info{\title \'cf\'f0\'e8\'e2\'e5\'f2}{\author Ann}}{\header running head}{\*\unknown {gone}}"
        rb"\f0 \'cf\'f0\'e8\'e2\'e5\'f2, \u1084?\u1080?\u1088?!\par {\f1 \'e1\'e2} \{braces\} \b bold\b0  "
        rb"\v hidden\v0 end{\pict 0102ff}\bin3 }}}\par\trowd a\cell b\cell\row c\cell d\cell\row "
        rb"\uc0\u-10179\u-8704 \emdash\~x}"
    )
    document = read_one(path)
    assert document.text == "Привет, мир!\nαβ {braces} bold end\na | b\nc | d\n😀—\u00a0x"
    assert document.meta == {"title": "Привет", "author": "Ann"}


def test_halves_of_an_emoji_in_a_title_are_joined_or_replaced(tmp_path: Path) -> None:
    path = tmp_path / "letter.rtf"
    path.write_bytes(rb"{\rtf1\ansi{\info{\title \u-10179?\u-8704? tea \u-10179?}}words}")
    assert read_one(path).meta == {"title": "\U0001f600 tea \ufffd"}


def write_epub(path: Path, chapters: dict[str, str | bytes]) -> None:
    """A book of two chapters, a and b, of which b comes first."""
    with zipfile.ZipFile(path, "w") as container:
        container.writestr("mimetype", "application/epub+zip")
        container.writestr(
            "META-INF/container.xml", '<container><rootfiles><rootfile full-path="O/c.opf"/></rootfiles></container>'
        )
        items = "".join(
            f'<item id="{name}" href="{name}%20x.xhtml" media-type="application/xhtml+xml"/>' for name in ("a", "b")
        )
        container.writestr(
            "O/c.opf",
            '<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>Book</dc:title><dc:creator>Ann'
            f"</dc:creator><dc:rights>CC0</dc:rights><dc:language>ru</dc:language></metadata><manifest>{items}</manifest>"
            '<spine><itemref idref="b"/><itemref idref="a"/></spine></package>',
        )
        for name, page in chapters.items():
            container.writestr(f"O/{name} x.xhtml", page)


def test_epub_in_the_order_of_its_spine(tmp_path: Path) -> None:
    path = tmp_path / "book.zip"
    first = '<?xml version="1.0" encoding="windows-1251"?><html><body><h1>Первая</h1></body></html>'.encode("cp1251")
    write_epub(path, {"a": "<html><body><h1>Вторая</h1><p>конец</p></body></html>", "b": first})
    document = read_one(path)
    assert document.text == "# Первая\n\n# Вторая\n\nконец"
    assert document.meta == {
        "title": "Book",
        "author": "Ann",
        "licence": "CC0",
        "language": "ru",
        "chapters": "1-2",
        "chapter_starts": "[0, 10]",
    }


def test_an_empty_tag_hides_no_chapter(tmp_path: Path) -> None:
    path = tmp_path / "book.epub"
    head = '<html xmlns="http://www.w3.org/1999/xhtml"><head>{}</head><body><p>{}</p></body></html>'
    chapters = {"b": head.format("<title/>", "Первая"), "a": head.format('<script src="x.js" />', "Вторая")}
    write_epub(path, chapters)
    assert read_one(path).text == "Первая\n\nВторая"


def test_a_chapter_too_large_to_be_parsed_is_left_out_with_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(epub, "WHOLE_FILE_BYTES", 1000)
    path = tmp_path / "book.epub"
    page = "<html><body>{}</body></html>"
    words = "word " * ((1000 - len(page)) // 5)
    exact = page.format(words).ljust(1000)
    write_epub(path, {"a": exact + " ", "b": exact})
    file = InputFile(path, path.name, FileAccount(path.name))
    (document,) = epub.read(file)
    assert document.text == words.strip()
    assert document.meta["chapters"] == "1"
    assert file.account.notes == {"a chapter larger than 1000 B, left out": (1, "chapter 2")}


def test_odf_with_a_password_is_named(tmp_path: Path) -> None:
    path = tmp_path / "locked.odt"
    write_odf(path, "text", "", "<m:manifest xmlns:m='urn:m'><m:encryption-data/></m:manifest>")
    assert read(path)[1].reason == "protected with a password"


def test_a_broken_part_is_named(contract: Path) -> None:
    with_part(contract, "word/document.xml", "<w:document><w:body>")
    assert read(contract)[1].reason.startswith("damaged: its XML breaks off")


def test_entities_do_not_explode(contract: Path) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha" * 100}">' for n in range(10))
    with_part(contract, "word/document.xml", f"<!DOCTYPE d [{entities}]><d><p><t>&e9;</t></p></d>")
    assert read(contract)[1].reason.startswith("damaged")


def test_bytes_of_one_stream(tmp_path: Path) -> None:
    """A packed office document is unpacked for its reader."""
    path, inner = tmp_path / "deck.gz", tmp_path / "deck"
    write_odf(inner, "text", "<text:p>packed words</text:p>")
    path.write_bytes(gzip.compress(inner.read_bytes()))
    assert read_one(path).text == "packed words"
