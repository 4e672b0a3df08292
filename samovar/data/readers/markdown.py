"""Markdown: kept as it is, without front matter and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from samovar.data.document import Document
from samovar.data.readers.input_file import InputFile

SUFFIXES = (".md", ".markdown", ".mdown", ".mdx")

_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.{0,20000}?)^---[ \t]*\r?\n", re.DOTALL | re.MULTILINE)
_TITLE = re.compile(r"^title:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->[ \t]*\n?", re.DOTALL)


def read(file: InputFile) -> Iterator[Document]:
    """One document, or parts of a long one; the title of the front matter becomes the document's."""
    blocks = file.blocks()
    first = next(blocks, "")
    meta: dict[str, str] = {}
    if front := _FRONT_MATTER.match(first):
        first = first[front.end() :]
        if title := _TITLE.search(front.group(1)):
            meta["title"] = title.group(1)

    def cleaned() -> Iterator[str]:
        yield _COMMENT.sub("", first)
        for block in blocks:
            yield _COMMENT.sub("", block)

    return file.documents(cleaned(), meta=meta)
