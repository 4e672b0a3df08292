"""Blocks of a document put one under another: blank lines around paragraphs, none between items and rows."""

from __future__ import annotations

from typing import Literal

Kind = Literal["paragraph", "item", "row"]


class TextLayout:
    """Collects blocks, and gives them as text."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._last: Kind | None = None

    def add(self, text: str, kind: Kind = "paragraph") -> None:
        """Add a block; blank ones are left out."""
        text = text.strip()
        if not text:
            return
        if self._pieces:
            self._pieces.append("\n" if kind == self._last and kind != "paragraph" else "\n\n")
        self._pieces.append(text)
        self._last = kind

    def add_row(self, cells: list[str]) -> None:
        """Add a row of a table, its cells parted by ' | '."""
        if any(cells):
            self.add(" | ".join(" ".join(cell.split()) for cell in cells), "row")

    def text(self) -> str:
        """All blocks."""
        return "".join(self._pieces)
