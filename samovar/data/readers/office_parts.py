"""What the XML formats of office programs share: streams of elements, relations between parts, properties."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from samovar.data.readers.input_file import InputFile, UnreadableError
from samovar.data.readers.zip_container import ZipContainer

# Properties by the end of their element's name -> what they are called in a document's meta.
_PROPERTIES = {
    "title": "title",
    "creator": "author",
    "initial-creator": "author",
    "created": "created",
    "creation-date": "created",
    "language": "language",
    "rights": "licence",
    "Company": "owner",
}
_RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@contextmanager
def opened_parts(file: InputFile) -> Iterator[ZipContainer]:
    """The parts of an office document.

    Raises:
        UnreadableError: it is damaged; also while it is read.
    """
    try:
        with file.on_disk() as path, ZipContainer(path) as container:
            yield container
    except ElementTree.ParseError as error:
        raise UnreadableError(f"damaged: its XML breaks off ({error})") from error


def elements(container: ZipContainer, part: str) -> Iterator[tuple[str, str, Element]]:
    """Beginnings and ends of a part's elements as (event, name without its namespace, element); ends are freed."""
    with container.part(part) as stream:
        for event, element in ElementTree.iterparse(stream, events=("start", "end")):
            yield event, element.tag.rpartition("}")[2], element
            if event == "end":
                element.clear()


def attribute(element: Element, name: str) -> str:
    """The attribute of this name in any namespace, or ''."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return value
    return ""


def relation_id(element: Element) -> str:
    """The id by which an element of Office Open XML refers to another part."""
    return element.get(_RELATION_ID, "")


def relations(container: ZipContainer, part: str) -> dict[str, tuple[str, str]]:
    """The parts that ``part`` refers to: id -> (the last word of the relation's type, the part's name)."""
    folder, _, name = part.rpartition("/")
    listed = f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels"
    if listed not in container.names:
        return {}
    found = {}
    for event, tag, element in elements(container, listed):
        if event == "start" and tag == "Relationship" and element.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/" + folder, element.get("Target", "")))
            found[element.get("Id", "")] = (element.get("Type", "").rpartition("/")[2], target.lstrip("/"))
    return found


def properties(container: ZipContainer, *parts: str) -> dict[str, str]:
    """What the parts that hold properties say of the document."""
    meta: dict[str, str] = {}
    for part in parts:
        if part not in container.names:
            continue
        for event, tag, element in elements(container, part):
            name = _PROPERTIES.get(tag)
            if event == "end" and name and element.text and element.text.strip():
                meta.setdefault(name, " ".join(element.text.split())[:500])
    return meta
