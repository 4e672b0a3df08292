"""reStructuredText brought near to the plain text that its author meant."""

from __future__ import annotations

import re
from functools import cache

# Heading characters from the outermost level inwards, as Python's documentation uses them.
_HEADING_LEVELS = {"#": 1, "*": 1, "=": 2, "-": 3, "^": 4, "~": 4, '"': 4}
_ADMONITIONS = "note|warning|caution|important|tip|hint|seealso|danger|attention"
_DROPPED_DIRECTIVES = (
    "code-block|code|sourcecode|highlight|doctest|testcode|testsetup|testoutput|module|moduleauthor|sectionauthor|index|"
    "contents|currentmodule|toctree|image|figure|class|only|rubric|literalinclude|include|productionlist|tabularcolumns"
)


@cache
def _rules() -> list[tuple[re.Pattern[str], str]]:
    rules = [
        # :func:`~os.path.join` -> join, :class:`text <target>` -> text, :meth:`!run` -> run
        (r":(?:[a-z]+:)?[a-z]+:`~(?:[^`<>\n]*\.)?([^`<>\n.]+)`", r"\1"),
        (r":(?:[a-z]+:)?[a-z]+:`!?([^`<>\n]+?)\s*<[^`<>\n]+>`", r"\1"),
        (r":(?:[a-z]+:)?[a-z]+:`!?([^`\n]+)`", r"\1"),
        (r"``([^`\n]+)``", r"`\1`"),
        (r"`([^`<>\n]+?)\s*<[^`<>\n]+>`__?", r"\1"),
        (r"(?<![\w`])`([^`\n]+)`_\b", r"\1"),
        (rf"^([ \t]*)\.\. ({_ADMONITIONS})::", r"\1\2:"),
        (r"^([ \t]*)\.\. versionadded::[ \t]*([^\s:]+):?[ \t]*$", r"\1New in version \2."),
        (r"^([ \t]*)\.\. versionadded::[ \t]*([^\s:]+):?[ \t]+", r"\1New in version \2: "),
        (r"^([ \t]*)\.\. versionchanged::[ \t]*([^\s:]+):?[ \t]*", r"\1Changed in version \2: "),
        (r"^([ \t]*)\.\. deprecated(?:-removed)?::[ \t]*([^\s:]*):?[ \t]*", r"\1Deprecated since version \2: "),
        (rf"^[ \t]*\.\. (?:{_DROPPED_DIRECTIVES})::.*\n(?:[ \t]+:[\w-]+:.*\n)*", ""),
        (r"^[ \t]*\.\. _[^\n:]+:.*\n", ""),
        (r"^([ \t]*)\.\. [a-z-]+::[ \t]*", r"\1"),
        (r"^([ \t]*):param(?:eter)? (?:[\w.\[\], ]+ )?(\*{0,2}\w+):", r"\1\2:"),
        (r"^([ \t]*):returns?:", r"\1Returns:"),
        (r"^([ \t]*):raises? ([\w., ]+):", r"\1Raises \2:"),
        (r"^[ \t]*:(?:r?type)[^:\n]*:.*\n", ""),
        (r"(\S)::[ \t]*$", r"\1:"),
        (r"^[ \t]*::[ \t]*\n", ""),
        # Rules of ten and more equal characters on a line, and the borders of simple tables.
        (r"^[ \t]*([=\-*_~#+])\1{9,}[ \t]*(?:\n|\Z)", ""),
        (r"^[ \t]*=+(?:[ \t]+=+)+[ \t]*(?:\n|\Z)", ""),
        (r"\\([*_`|\\])", r"\1"),
    ]
    return [(re.compile(pattern, re.MULTILINE), replacement) for pattern, replacement in rules]


def plain_rst(text: str, *, outermost_heading: int = 1) -> str:
    """``text`` without roles, directives and underlines; headings as ``#`` from level ``outermost_heading``."""
    text = _headings(text, outermost_heading)
    if "+-" in text:
        text = _grid_tables(text)
    if "`" in text or ".. " in text or ":" in text or "==" in text or "--" in text or "\\" in text:
        for pattern, replacement in _rules():
            text = pattern.sub(replacement, text)
    return text


_HEADING = re.compile(
    r"(?:\A|(?<=\n\n)|(?<=\A\n))(?:([=\-*#~^\"])\1{2,}[ \t]*\n)?"  # a line above the title, perhaps
    r"([^\s>|+.][^\n]{0,100})\n([=\-*#~^\"])\3{2,}[ \t]*(?:\n+|\Z)"
)


def _headings(text: str, outermost: int) -> str:
    def heading(match: re.Match[str]) -> str:
        title = match.group(2).strip()
        underline = match.group().rstrip().rpartition("\n")[2]
        if abs(len(underline) - len(title)) > 4:
            return match.group()
        level = outermost - 1 + _HEADING_LEVELS[match.group(3)]
        return f"{'#' * min(level, 6)} {title}\n\n"

    return _HEADING.sub(heading, text)


_GRID_TABLE = re.compile(r"^([ \t]*)\+[-=+]{3,}\+[ \t]*\n(?:\1[|+].*(?:\n|\Z))+", re.MULTILINE)


def _grid_tables(text: str) -> str:
    """Grid tables as one line a row, cells parted by ' | '."""

    def rows(match: re.Match[str]) -> str:
        indent = match.group(1)
        lines: list[str] = []
        cells: list[list[str]] = []
        for line in match.group().splitlines():
            line = line.strip()
            if re.fullmatch(r"[+|][-=+| ]*[+|]", line):
                if cells:
                    lines.append(indent + " | ".join(" ".join(cell).strip() for cell in cells))
                cells = []
                continue
            parts = [part.strip() for part in line.strip("|").split("|")]
            if len(parts) != len(cells):
                cells = [*cells, *([] for _ in range(len(parts) - len(cells)))]
            for cell, part in zip(cells, parts, strict=False):
                if part:
                    cell.append(part)
        return "\n".join(lines) + "\n"

    return _GRID_TABLE.sub(rows, text)
