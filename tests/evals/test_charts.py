import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.evals.charts import HEIGHT, WIDTH, Series, interval_bar, line_chart, nice_ticks, thin, twin_bar
from samovar.train.journal import Point

VALUES = st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), min_size=2, max_size=400)


@given(VALUES)
def test_every_line_is_well_formed_and_inside_the_drawing(values):
    points = [Point(1000.0 * (index + 1), value) for index, value in enumerate(values)]
    drawing = line_chart("a < b", [Series("x & y", "train", points), Series("z", "held-out", points, has_dots=True)])
    root = ElementTree.fromstring(drawing)
    for line in root.iter("polyline"):
        for pair in line.attrib["points"].split():
            x, y = map(float, pair.split(","))
            assert 0 <= x <= WIDTH
            assert 0 <= y <= HEIGHT
    for text in root.iter("text"):
        assert 0 <= float(text.attrib["y"]) <= HEIGHT


def test_names_at_the_ends_do_not_cover_each_other():
    series = [Series(f"s{n}", "train", [Point(1, 2), Point(2, 1 + n / 1000)]) for n in range(3)]
    root = ElementTree.fromstring(line_chart("t", series))
    places = sorted(float(text.attrib["y"]) for text in root.iter("text") if "name" in text.attrib["class"])
    assert all(below - above >= 15.9 for above, below in pairwise(places))


@pytest.mark.parametrize("points", [[], [Point(1, 1)]])
def test_nothing_to_draw_is_no_drawing(points):
    assert line_chart("t", [Series("s", "train", points)]) == ""


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9))
def test_ticks_cover_the_range_in_round_steps(low, width):
    ticks = nice_ticks(low, low + width)
    assert 2 <= len(ticks) <= 8
    assert ticks[0] <= low + 1e-6
    assert ticks[-1] >= low + width - 1e-6 * abs(low + width) - 1e-6


@given(st.integers(2, 3000), st.integers(2, 300))
def test_thinning_keeps_ends_and_mean(count, limit):
    points = [Point(float(index), float(index % 7)) for index in range(count)]
    thinned = thin(points, limit)
    assert len(thinned) <= max(2, limit)
    assert (thinned[0].place, thinned[-1].place) == (0.0, float(count - 1))
    assert 0 <= min(point.value for point in thinned) <= max(point.value for point in thinned) <= 6


def test_bars_are_well_formed():
    for drawing in (interval_bar(0.9, 0.8, 0.96), interval_bar(0, 0, 1), twin_bar(0, 3, 10), twin_bar(10, 0, 10)):
        ElementTree.fromstring(drawing)
    assert re.search(r"90%, between 80% and 96%", interval_bar(0.9, 0.8, 0.96))
