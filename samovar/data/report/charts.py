"""Small SVG drawings for the report: no script, colours from the page's style, so that they follow light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from samovar.core.excerpts import shortened

WIDTH = 820
_LABEL_WIDTH, _BAR_WIDTH = 185, 335
_ROW_HEIGHT, _BAR_HEIGHT = 34, 20
_HISTOGRAM_HEIGHT = 190
_LABEL_LETTERS = 26
_WIDEST_COLUMN = 64


class Level(NamedTuple):
    """A row of the funnel: what is left at this point."""

    label: str
    value: float
    note: str
    """What stands behind the bar."""


class Column(NamedTuple):
    """A column of a histogram."""

    label: str
    num: int
    shown: str
    """The count as it is written."""


def funnel_chart(title: str, levels: Sequence[Level]) -> str:
    """A bar a level; what the level before had and this one has not is drawn pale behind it."""
    most = max((level.value for level in levels), default=0) or 1
    height = _ROW_HEIGHT * len(levels) + 8
    described = "; ".join(f"{level.label}: {level.note}" for level in levels)
    parts = [_begin("funnel", height, f"{title}. {described}")]
    before = 0.0
    for number, level in enumerate(levels):
        y = number * _ROW_HEIGHT + 6
        middle = y + _BAR_HEIGHT / 2 + 4
        width, pale = (_BAR_WIDTH * value / most for value in (level.value, before))
        parts.append(f'<text class="label" x="{_LABEL_WIDTH - 10}" y="{middle:.1f}" text-anchor="end">')
        parts.append(f"<title>{escape(level.label)}</title>{escape(shortened(level.label, _LABEL_LETTERS))}</text>")
        if pale > width:
            parts.append(_bar(y, pale, "lost"))
        parts.append(_bar(y, max(width, 1.0 if level.value else 0.0), "left"))
        note_x = _LABEL_WIDTH + max(width, pale) + 10
        parts.append(f'<text class="tick" x="{note_x:.1f}" y="{middle:.1f}">{escape(level.note)}</text>')
        before = level.value
    return "".join([*parts, "</svg>"])


def histogram(title: str, unit: str, columns: Sequence[Column]) -> str:
    """Columns side by side, with the count on top and the label beneath. Empty when there is nothing to draw."""
    most = max((column.num for column in columns), default=0)
    if not most:
        return ""
    base, room = _HISTOGRAM_HEIGHT - 40, _HISTOGRAM_HEIGHT - 62
    pitch = min(_WIDEST_COLUMN, (WIDTH - 10) / len(columns))
    described = "; ".join(f"{column.label}: {column.shown}" for column in columns if column.num)
    parts = [_begin("histogram", _HISTOGRAM_HEIGHT, f"{title}. {described}")]
    for number, column in enumerate(columns):
        x, height = 5 + number * pitch, room * column.num / most
        middle = x + (pitch - 4) / 2
        if column.num:
            height = max(1.0, height)
            parts.append(
                f'<rect class="left" x="{x:.1f}" y="{base - height:.1f}" width="{pitch - 4:.1f}" '
                f'height="{height:.1f}" rx="2"/>'
            )
            parts.append(_text("tick", middle, base - height - 5, column.shown))
        parts.append(_text("tick", middle, base + 15, column.label))
    parts.append(f'<line class="grid" x1="5" x2="{5 + len(columns) * pitch - 4:.1f}" y1="{base}" y2="{base}"/>')
    parts.append(f'<text class="tick" x="5" y="{_HISTOGRAM_HEIGHT - 6}">{escape(unit)}</text>')
    return "".join([*parts, "</svg>"])


def _begin(kind: str, height: int, described: str) -> str:
    return (
        f'<svg class="chart {kind}" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(described)}" '
        'xmlns="http://www.w3.org/2000/svg">'
    )


def _bar(y: float, width: float, kind: str) -> str:
    return f'<rect class="{kind}" x="{_LABEL_WIDTH}" y="{y:.1f}" width="{width:.1f}" height="{_BAR_HEIGHT}" rx="3"/>'


def _text(kind: str, x: float, y: float, shown: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{escape(shown)}</text>'
