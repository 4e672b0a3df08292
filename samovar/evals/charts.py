"""Small SVG drawings for the report: no script, colours from the page's style, so that they follow light and dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from samovar.core.progress import short_number
from samovar.evals.findings import Unit
from samovar.train.journal import Point

WIDTH, HEIGHT = 640, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 118, 14, 30
_MAX_POINTS = 240
_LABEL_HEIGHT = 16
_BAR_WIDTH, _BAR_HEIGHT = 220, 16


@dataclass(frozen=True, slots=True)
class Series:
    """A named line; ``style`` is its class in the page's style: 'train' or 'held-out'."""

    name: str
    style: str
    points: Sequence[Point]
    has_dots: bool = False


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where values lie on the drawing."""

    x_max: float
    y_min: float
    y_max: float

    def x(self, place: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * place / self.x_max

    def y(self, value: float) -> float:
        share = (value - self.y_min) / (self.y_max - self.y_min)
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * min(1.0, max(0.0, share))


def line_chart(title: str, series: Sequence[Series], unit: Unit = "tokens") -> str:
    """Lines over ``unit``, each named at its end with its last value. Empty when there is nothing to draw."""
    drawn = [one for one in series if len(one.points) > 1]
    if not drawn:
        return ""
    thinned = [Series(one.name, one.style, thin(one.points), one.has_dots) for one in drawn]
    frame, ticks = _frame(thinned)
    described = "; ".join(f"{one.name} ends at {one.points[-1].value:.3f}" for one in drawn)
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(f"{title}: {described}")}">'
    ]
    parts += [_grid_line(frame, tick) for tick in ticks]
    parts += _time_axis(frame, unit)
    parts += [_line(frame, one, unit) for one in thinned]
    parts += _end_labels(frame, thinned)
    return "".join([*parts, "</svg>"])


def thin(points: Sequence[Point], limit: int = _MAX_POINTS) -> list[Point]:
    """At most ``limit`` points, each the mean of its neighbours; the ends keep their places."""
    if len(points) <= limit:
        return list(points)
    edges = [round(index * len(points) / limit) for index in range(limit + 1)]
    means = [_mean(points[begin:end]) for begin, end in pairwise(edges)]
    means[0], means[-1] = means[0]._replace(place=points[0].place), means[-1]._replace(place=points[-1].place)
    return means


def _mean(points: Sequence[Point]) -> Point:
    return Point(sum(one.place for one in points) / len(points), sum(one.value for one in points) / len(points))


def nice_ticks(low: float, high: float, count: int = 4) -> list[float]:
    """About ``count`` round values that cover ``low`` to ``high``."""
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    rough = (high - low) / count
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(magnitude * factor for factor in (1, 2, 2.5, 5, 10) if magnitude * factor >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(index * step, 10) for index in range(first, last + 1)]


def _frame(series: Sequence[Series]) -> tuple[_Frame, list[float]]:
    values = [point.value for one in series for point in one.points if math.isfinite(point.value)] or [0.0]
    ticks = nice_ticks(min(values), max(values))
    # The axis starts on a round value and ends with the highest one: empty room on top would flatten the curve.
    y_max = max(ticks[1], *values)
    frame = _Frame(max(one.points[-1].place for one in series) or 1.0, ticks[0], y_max)
    return frame, [tick for tick in ticks if tick <= y_max]


def _grid_line(frame: _Frame, tick: float) -> str:
    y = frame.y(tick)
    return (
        f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="tick" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>'
    )


def _time_axis(frame: _Frame, unit: Unit) -> list[str]:
    ticks = [tick for tick in nice_ticks(0.0, frame.x_max, 5) if tick <= frame.x_max]
    labels = ["0", *(short_number(tick) for tick in ticks[1:])]
    labels[-1] += f" {unit}"
    return [
        f'<text class="tick" x="{frame.x(tick):.1f}" y="{HEIGHT - 8}" text-anchor="middle">{label}</text>'
        for tick, label in zip(ticks, labels, strict=True)
    ]


def _line(frame: _Frame, one: Series, unit: Unit) -> str:
    finite = [point for point in one.points if math.isfinite(point.value)]
    path = " ".join(f"{frame.x(point.place):.1f},{frame.y(point.value):.1f}" for point in finite)
    drawn = f'<polyline class="line {one.style}" points="{path}"/>'
    if one.has_dots:
        drawn += "".join(
            f'<circle class="dot {one.style}" cx="{frame.x(point.place):.1f}" cy="{frame.y(point.value):.1f}" r="3.5">'
            f"<title>{escape(one.name)} {point.value:.3f} after {short_number(point.place)} {unit}</title></circle>"
            for point in finite
        )
    return drawn


def _end_labels(frame: _Frame, series: Sequence[Series]) -> list[str]:
    """Names at the lines' ends, moved apart where they would cover each other."""
    wanted = sorted(((frame.y(one.points[-1].value), one) for one in series), key=lambda pair: pair[0])
    lowest = HEIGHT - _BOTTOM - _LABEL_HEIGHT * (len(wanted) - 1)
    parts, above = [], float(_TOP) - _LABEL_HEIGHT
    for place, one in wanted:
        above = max(above + _LABEL_HEIGHT, min(place, lowest))
        lowest += _LABEL_HEIGHT
        value = f"{one.points[-1].value:.2f}"
        parts.append(
            f'<text class="name {one.style}" x="{WIDTH - _RIGHT + 8}" y="{above + 4:.1f}">'
            f"{escape(one.name)} {value}</text>"
        )
    return parts


def interval_bar(score: float, low: float, high: float) -> str:
    """A share with its interval on a line from 0 to 100 %."""

    def x(share: float) -> float:
        return 6 + (_BAR_WIDTH - 12) * share

    middle = _BAR_HEIGHT / 2
    label = f"{score:.0%}, between {low:.0%} and {high:.0%}"
    return (
        f'<svg class="bar" viewBox="0 0 {_BAR_WIDTH} {_BAR_HEIGHT}" role="img" aria-label="{label}">'
        f"<title>{label}</title>"
        f'<line class="track" x1="{x(0):.1f}" x2="{x(1):.1f}" y1="{middle}" y2="{middle}"/>'
        f'<line class="reach" x1="{x(low):.1f}" x2="{x(high):.1f}" y1="{middle}" y2="{middle}"/>'
        f'<circle class="score" cx="{x(score):.1f}" cy="{middle}" r="5"/></svg>'
    )


def twin_bar(forecast: float, fact: float, longest: float) -> str:
    """A forecast (outline) over a fact (filled), both on a scale up to ``longest``."""

    def width(value: float) -> float:
        return max(1.5, (_BAR_WIDTH - 4) * value / max(longest, 1e-9))

    return (
        f'<svg class="bar" viewBox="0 0 {_BAR_WIDTH} {_BAR_HEIGHT}" aria-hidden="true">'
        f'<rect class="fact" x="2" y="5" width="{width(fact):.1f}" height="{_BAR_HEIGHT - 10}" rx="2"/>'
        f'<line class="forecast" x1="{2 + width(forecast):.1f}" x2="{2 + width(forecast):.1f}" y1="1" '
        f'y2="{_BAR_HEIGHT - 1}"/></svg>'
    )
