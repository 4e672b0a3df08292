"""Jupyter notebooks: text and code of the cells, in their order, without what the cells printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from samovar.data.document import Document
from samovar.data.readers.input_file import InputFile, UnreadableError
from samovar.data.readers.jsonl import without_surrogates
from samovar.data.readers.text_layout import TextLayout

SUFFIXES = (".ipynb",)


def recognises(head: str) -> bool:
    """Whether it begins as a notebook does."""
    return head.startswith("{") and '"cells"' in head and '"cell_type"' in head


def read(file: InputFile) -> Iterator[Document]:
    """One document, with code between fences as in Markdown."""
    try:
        notebook = json.loads(file.whole())
    except (ValueError, RecursionError) as error:
        raise UnreadableError("not valid JSON") from error
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise UnreadableError("not a notebook of version 4")
    meta = _meta(notebook.get("metadata"))
    layout = TextLayout()
    for cell in cells:
        kind = cell.get("cell_type") if isinstance(cell, dict) else None
        text = _source(cell)
        if text.strip() and kind == "code":
            layout.add(f"```{meta.get('programming_language', '')}\n{text.strip(chr(10))}\n```")
        elif kind:
            layout.add(text)
    return file.documents(iter([layout.text()]), meta=meta | {"cells": str(len(cells))})


def _source(cell: Any) -> str:
    source = cell.get("source", "") if isinstance(cell, dict) else ""
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    return without_surrogates(source) if isinstance(source, str) else ""


def _meta(stated: Any) -> dict[str, str]:
    meta: dict[str, str] = {}
    if not isinstance(stated, dict):
        return meta
    for key in ("kernelspec", "language_info"):
        described = stated.get(key)
        name = described.get("language" if key == "kernelspec" else "name") if isinstance(described, dict) else None
        if isinstance(name, str) and name.isascii() and name.isprintable():
            meta["programming_language"] = name[:40]
    if isinstance(stated.get("title"), str):
        meta["title"] = without_surrogates(stated["title"])[:500]
    authors = stated.get("authors")
    if isinstance(authors, list):
        names = [
            author["name"] for author in authors if isinstance(author, dict) and isinstance(author.get("name"), str)
        ]
        if names:
            meta["author"] = without_surrogates(", ".join(names))[:500]
    return meta
