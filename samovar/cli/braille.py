"""Curves in characters: a cell of braille holds two by four dots."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Bit of each dot: column, then row from above."""
_EMPTY = 0x2800
_BARS = " ▁▂▃▄▅▆▇█"
_START_SHARE = 0.05
"""Of a curve, at its beginning, that may lie above the picture: a loss falls from far above all that follows."""
MARK = "●"


class Drawing(NamedTuple):
    """A picture, and what its edges stand for."""

    lines: list[str]
    low: float
    high: float


def draw(
    points: Sequence[tuple[float, float]],
    *,
    width: int,
    height: int,
    x_max: float,
    marks: Sequence[tuple[float, float]] = (),
) -> Drawing:
    """The curve through ``points``, from x = 0 to ``x_max``; points that share a column of dots are averaged.

    Args:
        width: in characters.
        height: in characters.
        marks: points drawn as ``MARK`` above the curve.
    """
    columns = _averages(points, 2 * width, x_max)
    low, high = _range(columns, [y for _, y in marks])
    cells = [[_EMPTY] * width for _ in range(height)]
    last: tuple[int, int] | None = None
    for column, value in columns:
        dot = _dot(value, low, high, 4 * height)
        for x, y in _line(last, (column, dot)):
            cells[y // 4][x // 2] |= _DOTS[x % 2][y % 4]
        last = (column, dot)
    lines = [[" " if cell == _EMPTY else chr(cell) for cell in row] for row in cells]
    for place, value in marks:
        row = lines[_dot(value, low, high, 4 * height) // 4]
        row[min(width - 1, int(place / x_max * width))] = MARK
    return Drawing(["".join(line) for line in lines], low, high)


def sparkline(values: Sequence[float], width: int) -> str:
    """The last values in one line of bars, at most ``width`` of them; averaged where there are more."""
    if not values:
        return ""
    count = min(width, len(values))
    edges = [round(i * len(values) / count) for i in range(count + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in itertools.pairwise(edges)]
    low, high = min(means), max(means)
    scale = (len(_BARS) - 2) / (high - low) if high > low else 0.0
    return "".join(_BARS[1 + round((mean - low) * scale)] for mean in means)


def _averages(points: Sequence[tuple[float, float]], columns: int, x_max: float) -> list[tuple[int, float]]:
    """Column of dots -> mean of its values, for those that have some."""
    sums: dict[int, tuple[float, int]] = {}
    for x, y in points:
        column = min(columns - 1, max(0, int(x / x_max * columns)))
        total, count = sums.get(column, (0.0, 0))
        sums[column] = (total + y, count + 1)
    return [(column, total / count) for column, (total, count) in sorted(sums.items())]


def _range(columns: Sequence[tuple[int, float]], marks: Sequence[float]) -> tuple[float, float]:
    values = [value for _, value in columns]
    settled = values[int(len(values) * _START_SHARE) :] + list(marks)
    if not settled:
        return 0.0, 1.0
    low, high = min(settled), max(settled)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _dot(value: float, low: float, high: float, rows: int) -> int:
    """Row of dots, from above."""
    share = min(1.0, max(0.0, (value - low) / (high - low)))
    return round((1.0 - share) * (rows - 1))


def _line(start: tuple[int, int] | None, end: tuple[int, int]) -> list[tuple[int, int]]:
    """Dots from one point to the next, so that a steep curve has no gaps."""
    if start is None:
        return [end]
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
    return [
        (start[0] + round((end[0] - start[0]) * i / steps), start[1] + round((end[1] - start[1]) * i / steps))
        for i in range(1, steps + 1)
    ]
