"""Word documents: paragraphs, headings, numbered lists, tables and footnotes, with tracked changes accepted.

Headers, footers and comments are left out. The XML is read as a stream: python-docx holds all of it, and passes over
text in tracked insertions, content controls and text boxes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from samovar.data.document import Document
from samovar.data.readers.docx_numbering import Numbering
from samovar.data.readers.input_file import InputFile, UnreadableError
from samovar.data.readers.office_parts import attribute, elements, opened_parts, properties, relations
from samovar.data.readers.text_layout import TextLayout
from samovar.data.readers.zip_container import ZipContainer

SUFFIXES = (".docx", ".docm", ".dotx")
ZIP_PARTS = ("word/document.xml", "word/document2.xml")
IS_ISOLATED = True

# Text that was moved away, and the copy of a text box for old programs.
_SKIPPED = {"moveFrom", "Fallback", "del"}
_TELLING_OF_STYLES = {"style", "name", "outlineLvl", "numId", "ilvl"}
_WHITE = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "softHyphen": ""}


@dataclass
class _Paragraph:
    pieces: list[str] = field(default_factory=list)
    style: str = ""
    list_id: str = ""
    list_level: int = 0
    has_list: bool = False


@dataclass
class _Styles:
    """Of a style's id: the level of its heading, and its list."""

    headings: dict[str, int] = field(default_factory=dict)
    lists: dict[str, tuple[str, int]] = field(default_factory=dict)


def read(file: InputFile) -> Iterator[Document]:
    """One document, or parts of a long one."""
    with opened_parts(file) as container:
        part = next((name for name in ZIP_PARTS if name in container.names), None)
        if part is None:
            raise UnreadableError("damaged: a Word document without text part")
        by_kind = dict(relations(container, part).values())
        styles = _styles(container, by_kind.get("styles", ""))
        numbering = Numbering(container, by_kind.get("numbering", ""))
        layout = TextLayout()
        _lay_out(container, part, styles, numbering, layout)
        for kind in ("footnotes", "endnotes"):
            if by_kind.get(kind) in container.names:
                _lay_out(container, by_kind[kind], styles, numbering, layout)
        meta = properties(container, "docProps/core.xml", "docProps/app.xml")
    return file.documents(iter([layout.text()]), meta=meta)


def _styles(container: ZipContainer, part: str) -> _Styles:
    styles = _Styles()
    if part not in container.names:
        return styles
    style_id, list_id, level = "", "", 0
    for event, tag, element in elements(container, part):
        if event == "end":
            if tag == "style" and list_id:
                styles.lists[style_id] = (list_id, level)
            continue
        if tag not in _TELLING_OF_STYLES:
            continue
        value = attribute(element, "val")
        if tag == "style":
            style_id, list_id, level = attribute(element, "styleId"), "", 0
        elif tag == "name" and value.lower() == "title":
            styles.headings[style_id] = 1
        elif tag == "name" and value.lower().startswith("heading ") and value[8:].isdecimal():
            styles.headings[style_id] = int(value[8:])
        elif tag == "outlineLvl" and value.isdecimal() and int(value) < 9:
            styles.headings.setdefault(style_id, int(value) + 1)
        elif tag == "numId":
            list_id = value
        elif tag == "ilvl" and value.isdecimal():
            level = int(value)
    return styles


def _lay_out(container: ZipContainer, part: str, styles: _Styles, numbering: Numbering, layout: TextLayout) -> None:
    """Walk through a part. What is open stands on stacks: a paragraph may hold a text box, a cell a table."""
    paragraphs: list[_Paragraph] = []
    rows: list[list[str]] = []
    cells: list[list[str]] = []
    skipped = 0
    note = ""
    for event, tag, element in elements(container, part):
        is_start = event == "start"
        if tag in _SKIPPED:
            skipped += 1 if is_start else -1
        elif skipped:
            continue
        elif tag == "tr":
            if is_start:
                rows.append([])
            else:
                row = rows.pop()
                if cells:
                    cells[-1].append(" ".join(filter(None, row)))
                else:
                    layout.add_row(row)
        elif tag == "tc":
            if is_start:
                cells.append([])
            elif rows:
                rows[-1].append(" ".join(cells.pop()))
        elif tag == "p":
            if is_start:
                paragraphs.append(_Paragraph([note] if note else []))
                note = ""
            else:
                _end_paragraph(paragraphs.pop(), styles, numbering, cells, layout)
        elif tag in {"footnote", "endnote"} and is_start:
            note = f"[{attribute(element, 'id')}] " if not attribute(element, "type") else ""
        elif paragraphs:
            _within_paragraph(paragraphs[-1], tag, is_start, attribute(element, "val"), element)


def _within_paragraph(paragraph: _Paragraph, tag: str, is_start: bool, value: str, element: object) -> None:
    if not is_start:
        if tag == "t":
            paragraph.pieces.append(getattr(element, "text", None) or "")
        return
    if tag in _WHITE:
        # The same name is a tab stop in the properties of a paragraph, where it has a position.
        if tag != "tab" or not value:
            paragraph.pieces.append(_WHITE[tag])
    elif tag == "pStyle":
        paragraph.style = value
    elif tag == "numId":
        paragraph.list_id, paragraph.has_list = value, True
    elif tag == "ilvl" and value.isdecimal():
        paragraph.list_level = int(value)
    elif tag in {"footnoteReference", "endnoteReference"}:
        paragraph.pieces.append(f"[{attribute(element, 'id')}]")  # type: ignore[arg-type]


def _end_paragraph(
    paragraph: _Paragraph, styles: _Styles, numbering: Numbering, cells: list[list[str]], layout: TextLayout
) -> None:
    text = "".join(paragraph.pieces).strip()
    if not text:
        return
    list_id, level = paragraph.list_id, paragraph.list_level
    if not paragraph.has_list and paragraph.style in styles.lists:
        list_id, level = styles.lists[paragraph.style]
    mark = numbering.next_mark(list_id, level)
    if cells:
        cells[-1].append(f"{mark} {text}" if mark else text)
    elif heading := styles.headings.get(paragraph.style):
        layout.add(f"{'#' * min(heading, 6)} {f'{mark} {text}' if mark and mark != '-' else text}")
    elif mark:
        layout.add(f"{mark} {text}", "item")
    else:
        layout.add(text)
