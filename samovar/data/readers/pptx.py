"""Presentations: the text of the slides in their order, with titles, tables and the speaker's notes."""

from __future__ import annotations

from collections.abc import Iterator

from samovar.data.document import Document
from samovar.data.readers.input_file import InputFile
from samovar.data.readers.office_parts import elements, opened_parts, properties, relation_id, relations
from samovar.data.readers.text_layout import TextLayout
from samovar.data.readers.zip_container import ZipContainer

SUFFIXES = (".pptx", ".pptm", ".ppsx")
ZIP_PARTS = ("ppt/presentation.xml",)
IS_ISOLATED = True

_TITLES = {"title", "ctrTitle"}
# Date, footer and number stand on every slide; the picture of a slide on its notes.
_NOT_TEXT = {"dt", "ftr", "sldNum", "hdr", "sldImg"}
_SKIPPED = {"Fallback"}


def read(file: InputFile) -> Iterator[Document]:
    """One document of all slides, or parts of whole slides of a long one."""
    with opened_parts(file) as container:
        meta = properties(container, "docProps/core.xml", "docProps/app.xml")
        slides = [(number, _slide(container, part)) for number, part in enumerate(_slide_parts(container), 1)]
    return file.documents_of_sections(slides, unit="slide", meta=meta)


def _slide_parts(container: ZipContainer) -> list[str]:
    targets = relations(container, ZIP_PARTS[0])
    ids = [
        relation_id(element)
        for event, tag, element in elements(container, ZIP_PARTS[0])
        if event == "start" and tag == "sldId"
    ]
    return [targets[slide][1] for slide in ids if slide in targets and targets[slide][1] in container.names]


def _slide(container: ZipContainer, part: str) -> str:
    layout = TextLayout()
    _lay_out(container, part, layout)
    for kind, target in relations(container, part).values():
        if kind == "notesSlide" and target in container.names:
            notes = TextLayout()
            _lay_out(container, target, notes)
            if notes.text():
                layout.add("Notes: " + notes.text())
    return layout.text()


def _lay_out(container: ZipContainer, part: str, layout: TextLayout) -> None:
    place, pieces, skipped = "", [""], 0
    cells: list[str] | None = None
    shape: list[str] = []
    for event, tag, element in elements(container, part):
        is_start = event == "start"
        if tag in _SKIPPED:
            skipped += 1 if is_start else -1
        elif skipped:
            continue
        elif tag == "sp":
            if is_start:
                place = ""
            shape = _end_shape(shape, place, layout)
        elif tag == "ph" and is_start:
            place = element.get("type", "body")
        elif tag == "tr":
            if not is_start and cells is not None:
                layout.add_row(cells)
            cells = [] if is_start else None
        elif tag == "tc" and not is_start and cells is not None:
            cells.append(" ".join(filter(None, shape)))
            shape = []
        elif tag == "p":
            if not is_start:
                shape.append("".join(pieces).strip())
            pieces = []
        elif tag == "br" and is_start:
            pieces.append("\n")
        elif tag == "t" and not is_start:
            pieces.append(element.text or "")


def _end_shape(paragraphs: list[str], place: str, layout: TextLayout) -> list[str]:
    written = [text for text in paragraphs if text]
    if place in _TITLES:
        layout.add("# " + " ".join(written) if written else "")
    elif place not in _NOT_TEXT:
        for text in written:
            layout.add(text, "item")
    return []
