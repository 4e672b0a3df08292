"""OpenDocument texts and presentations, as LibreOffice writes them."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from samovar.data.document import Document
from samovar.data.encoding import BLOCK_BYTES
from samovar.data.readers.input_file import InputFile, UnreadableError
from samovar.data.readers.office_parts import elements, opened_parts, properties
from samovar.data.readers.text_layout import TextLayout
from samovar.data.readers.zip_container import ZipContainer

SUFFIXES = (".odt", ".ott", ".odp")
ZIP_TYPES = (
    b"application/vnd.oasis.opendocument.text",
    b"application/vnd.oasis.opendocument.text-template",
    b"application/vnd.oasis.opendocument.presentation",
)
IS_ISOLATED = True

_SKIPPED = {"tracked-changes", "annotation", "note-citation", "forms", "sequence-decls"}
_WHITE = {"s": " ", "tab": "\t"}
_MAX_SPACES = 100


def read(file: InputFile) -> Iterator[Document]:
    """One document, or parts of a long one; a presentation tells its slides apart."""
    with opened_parts(file) as container:
        _refuse_encrypted(container)
        sections = _Content().sections(container)
        meta = properties(container, "meta.xml")
    if len(sections) == 1:
        return file.documents(iter([sections[0]]), meta=meta)
    return file.documents_of_sections(list(enumerate(sections[1:], 1)), unit="slide", meta=meta)


def _refuse_encrypted(container: ZipContainer) -> None:
    if "META-INF/manifest.xml" in container.names:
        for _, tag, _ in elements(container, "META-INF/manifest.xml"):
            if tag == "encryption-data":
                raise UnreadableError("protected with a password")


class _Content:
    """Hears of elements and text in their order (the target of an XML parser), and lays them out."""

    def __init__(self) -> None:
        self._layouts = [TextLayout()]
        # A paragraph may hold a note, and a cell a table: what is open stands on stacks.
        self._paragraphs: list[list[str]] = []
        self._levels: list[int] = []
        self._rows: list[list[str]] = []
        self._cells: list[list[str]] = []
        self._notes: list[list[str]] = []
        self._ended_notes: list[str] = []
        self._num_notes = self._depth_of_lists = self._skipped = 0

    def sections(self, container: ZipContainer) -> list[str]:
        """What stands before the first slide, then the slides."""
        parser = ElementTree.XMLParser(target=self)
        with container.part("content.xml") as stream:
            while block := stream.read(BLOCK_BYTES):
                parser.feed(block)
        parser.close()
        return [layout.text() for layout in self._layouts]

    def data(self, text: str) -> None:
        """Text between tags, in which line breaks are spaces."""
        if self._paragraphs and not self._skipped:
            self._paragraphs[-1].append(text.replace("\n", " "))

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        tag = name.rpartition("}")[2]
        if tag in _SKIPPED:
            self._skipped += 1
        elif self._skipped:
            return
        elif tag in {"p", "h"}:
            self._paragraphs.append([])
            self._levels.append(_count(attributes, "outline-level", 1) if tag == "h" else 0)
        elif tag in _WHITE:
            self.data(_WHITE[tag] * min(_count(attributes, "c", 1), _MAX_SPACES))
        elif tag == "line-break" and self._paragraphs:
            self._paragraphs[-1].append("\n")
        elif tag == "list":
            self._depth_of_lists += 1
        elif tag == "table-row":
            self._rows.append([])
        elif tag == "table-cell":
            self._cells.append([])
        elif tag == "note":
            self._num_notes += 1
            self.data(f"[{self._num_notes}]")
            self._notes.append([])
        elif tag == "page":
            self._layouts.append(TextLayout())

    def end(self, name: str) -> None:
        """An element ends."""
        tag = name.rpartition("}")[2]
        if tag in _SKIPPED:
            self._skipped -= 1
        elif self._skipped:
            return
        elif tag in {"p", "h"} and self._paragraphs:
            self._end_paragraph("".join(self._paragraphs.pop()).strip(), self._levels.pop())
        elif tag == "list":
            self._depth_of_lists -= 1
        elif tag == "table-row" and self._rows:
            self._end_row(self._rows.pop())
        elif tag == "table-cell" and self._cells and self._rows:
            self._rows[-1].append(" ".join(self._cells.pop()))
        elif tag == "note" and self._notes:
            self._ended_notes.append(f"[{self._num_notes}] " + " ".join(self._notes.pop()))
        elif tag in {"text", "page"}:
            for note in self._ended_notes:
                self._layouts[-1].add(note)
            self._ended_notes = []

    def close(self) -> None:
        """The end of the document."""

    def _end_paragraph(self, text: str, level: int) -> None:
        if not text:
            return
        if self._notes:
            self._notes[-1].append(text)
        elif self._cells:
            self._cells[-1].append(text)
        elif level:
            self._layouts[-1].add(f"{'#' * min(level, 6)} {text}")
        elif self._depth_of_lists:
            self._layouts[-1].add(f"- {text}", "item")
        else:
            self._layouts[-1].add(text)

    def _end_row(self, row: list[str]) -> None:
        if self._cells:
            self._cells[-1].append(" ".join(filter(None, row)))
        else:
            self._layouts[-1].add_row(row)


def _count(attributes: dict[str, str], name: str, default: int) -> int:
    value = next((value for key, value in attributes.items() if key.rpartition("}")[2] == name), "")
    return int(value) if value.isdecimal() and len(value) < 6 else default
