"""Lines of printed pages made into paragraphs, without the heads and numbers that run through the pages."""

from __future__ import annotations

import re
from collections import Counter

# A line that stands first or last on so many of the pages, numbers aside, belongs to the layout.
_RUNNING_SHARE = 0.5
_RUNNING_PAGES = 3
_EDGE_LINES = 2
_PAGE_NUMBER = re.compile(
    r"(?:[-–—|\s]*|(?:page|p\.|стр\.|страница|с\.)\s*)\d{1,4}(?:\s*(?:of|из|/)\s*\d{1,4})?[-–—|\s]*|[ivxlc]{1,6}", re.I
)
# A line of a table of contents.
_CONTENTS = re.compile(r"(?:\.[ ]?){5,}[ ]*(?:\d{1,4}|[ivxlc]{1,6})$", re.IGNORECASE)
# Narrower pages are slides, forms and tables, whose lines stand for themselves.
_MIN_WIDTH = 40
_BEGINS_ANEW = re.compile(r"\s*(?:[-–—•▪●*·◦]\s|\(?\d{1,3}[.)]\s|\d{1,2}(?:\.\d{1,2})+\.?\s|[a-zа-я]\)\s)", re.I)
_ENDS_SENTENCE = tuple('.!?:;…»”"')
# PDFium gives U+FFFE for a hyphen at the end of a line together with the break after it.
_BROKEN_WORD = "\ufffe"
_HYPHENS = ("\u00ad", "\u2010", "-")


def without_running_lines(pages: list[list[str]]) -> list[list[str]]:
    """The pages without running heads and feet and without page numbers."""
    pages = [[_tidy(line) for line in page] for page in pages]
    pages = [_trimmed(page) for page in pages]
    seen: Counter[str] = Counter()
    for page in pages:
        seen.update({_without_numbers(line) for line in (*page[:_EDGE_LINES], *page[-_EDGE_LINES:])})
    num_pages = sum(1 for page in pages if page)
    least = max(_RUNNING_PAGES, _RUNNING_SHARE * num_pages)
    # Rows of numbers all look alike, and are none.
    running = {line for line, count in seen.items() if count >= least and any(map(str.isalpha, line))}
    return [_without_edges(page, running) for page in pages]


def flowing_text(lines: list[str]) -> str:
    """The lines of a page as paragraphs: words cut by hyphens are whole again, lines of one paragraph are joined.

    A line goes on where it is about as long as the page is wide and ends no sentence. A hyphen before a small letter is
    taken for the typesetter's: a compound that happened to break there loses its own.
    """
    width = _width(lines)
    text = ""
    lines = [line for line in lines if not _CONTENTS.search(line)]
    for number, line in enumerate(lines):
        if not line:
            text = text.rstrip("\n") + "\n\n" if text else ""
            continue
        text += line
        follower = lines[number + 1] if number + 1 < len(lines) else ""
        if line.endswith(_BROKEN_WORD):
            continue
        if follower and line.endswith(_HYPHENS) and line[-2:-1].isalpha() and follower[0].islower():
            text = text[:-1]
        else:
            text += " " if follower and _goes_on(line, follower, width) else "\n"
    return re.sub(r"\n{3,}", "\n\n", text.replace(_BROKEN_WORD, "")).strip("\n")


def _tidy(line: str) -> str:
    return " ".join(line.replace("\0", " ").split())


def _trimmed(page: list[str]) -> list[str]:
    written = [number for number, line in enumerate(page) if line]
    return page[written[0] : written[-1] + 1] if written else []


def _without_numbers(line: str) -> str:
    return re.sub(r"\d+", "#", line)


def _without_edges(page: list[str], running: set[str]) -> list[str]:
    for _ in range(_EDGE_LINES):
        if page and _is_running(page[0], running):
            page = _trimmed(page[1:])
        if page and _is_running(page[-1], running):
            page = _trimmed(page[:-1])
    return page


def _is_running(line: str, running: set[str]) -> bool:
    return _without_numbers(line) in running or _PAGE_NUMBER.fullmatch(line) is not None


def _width(lines: list[str]) -> int:
    """How many characters a full line has: nine of ten lines have no more."""
    lengths = sorted(len(printed) for line in lines for printed in line.split(_BROKEN_WORD) if printed)
    return lengths[len(lengths) * 9 // 10] if lengths else 0


def _goes_on(line: str, follower: str, width: int) -> bool:
    if width < _MIN_WIDTH or _BEGINS_ANEW.match(follower):
        return False
    line = line.rpartition(_BROKEN_WORD)[2]
    if line.endswith(_ENDS_SENTENCE):
        # The last line of a paragraph is rarely full.
        return len(line) > 0.92 * width
    return len(line) > 0.7 * width or (follower[0].islower() and len(line) > 0.4 * width)
