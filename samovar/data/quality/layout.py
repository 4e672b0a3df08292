"""Whether a page is a table, a form or a price list: what a company needs, and rules for prose would drop."""

from __future__ import annotations

import re
from collections import Counter

from samovar.data.quality.text_shape import TextShape

MIN_LINES = 4
_MOST_LINES_READ = 400

_CELL_BORDER = re.compile(r"\t+|\s*\|\s*|(?<=\S) {2,}(?=\S)|;(?=\S)")
_RULE_LINE = re.compile(r"[\s|+\-=:_─━│┃┼]+")
_LABEL = re.compile(r"\s*(?:[-•*]\s*)?([^\W\d_][^:\n]{0,40}):(?:\s+\S.{0,120}|\s*[_.…]{3,}.*|\s*)$")
_NUMBER = re.compile(r"[+\-−]?\d[\d\s.,  ]*%?")
_MONEY = re.compile(
    r"(?:[$€£₽₴₸]\s?\d)|(?:\d\s?(?:[$€£₽₴₸]|руб|р\.|коп|грн|тг|тенге|BYN|RUB|USD|EUR|KZT|UAH)(?!\w))", re.IGNORECASE
)
_LABEL_WORDS = 6
_MIN_DIFFERENT = 0.5
"""Share of lines that differ: rows do, a line that a copying error repeats does not."""


def layout_of(shape: TextShape) -> str:
    """``table``, ``price list`` or ``form``; "" for anything else.

    A table has the same number of cells in most lines; a price list has a price in most; a form has different labels
    with a colon in most (in a dialogue, labels come again).
    """
    lines = [line for line in shape.lines[:_MOST_LINES_READ] if not _RULE_LINE.fullmatch(line)]
    if len(lines) < MIN_LINES or len(set(lines)) < _MIN_DIFFERENT * len(lines):
        return ""
    if sum(bool(_MONEY.search(line)) and len(line) <= 200 for line in lines) >= 0.5 * len(lines):
        return "price list"
    if _has_columns(lines):
        return "table"
    return "form" if _has_labels(lines) else ""


def _has_columns(lines: list[str]) -> bool:
    widths = Counter(_num_cells(line) for line in lines)
    num_wide = sum(count for width, count in widths.items() if width >= 2)
    if num_wide < 0.6 * len(lines):
        return False
    common, count = max(((width, count) for width, count in widths.items() if width >= 2), key=lambda item: item[1])
    return count >= 0.5 * num_wide or common >= 4


def _num_cells(line: str) -> int:
    """Cells of a line: by tabs, bars, semicolons and wide gaps, or by single blanks where most parts are numbers."""
    cells = [cell for cell in _CELL_BORDER.split(line.strip(" |")) if cell.strip()]
    if len(cells) >= 2:
        return len(cells)
    parts = line.split()
    num_numbers = sum(bool(_NUMBER.fullmatch(part)) for part in parts)
    return len(parts) if num_numbers >= 2 and 2 * num_numbers >= len(parts) else 1


def _has_labels(lines: list[str]) -> bool:
    labels = [match.group(1) for line in lines if (match := _LABEL.match(line)) is not None]
    labels = [label for label in labels if len(label.split()) <= _LABEL_WORDS]
    return len(labels) >= 0.5 * len(lines) and len(set(labels)) >= 0.7 * len(labels)
