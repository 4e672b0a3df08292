"""The table of a teacher, its student and the student alone, by hand."""

from __future__ import annotations

import pytest

from samovar.evals.comparison import Measures
from samovar.evals.lineup import Member, gap_closed, table, words
from samovar.evals.tasks import TaskScore


def one(name: str, parameters: int, speed: float, *scores: float, bits: float | None = 2.0) -> Member:
    found = [TaskScore(f"task{n}", "en", score, 50, score - 0.1, score + 0.1) for n, score in enumerate(scores)]
    return Member(name, parameters, 2 * parameters, speed, Measures(found, bits))


def test_the_gap_by_hand() -> None:
    assert gap_closed(0.8, 0.7, 0.6) == pytest.approx(0.5)
    assert gap_closed(0.8, 0.5, 0.6) == pytest.approx(-0.5)
    assert gap_closed(0.8, 0.9, 0.6) == pytest.approx(1.5)
    assert gap_closed(0.6, 0.7, 0.6) is None
    assert gap_closed(None, 0.7, 0.6) is None


def test_the_table_and_its_words() -> None:
    members = [one("teacher", 6_000_000, 100.0, 0.9, 0.7), one("student", 2_000_000, 250.0, 0.7, 0.7),
               one("alone", 2_000_000, 250.0, 0.5, 0.5)]  # fmt: skip
    lines = table(members).splitlines()
    assert lines[0] == "| what | teacher | student | alone |"
    assert "| accuracy, all tasks | 80.0% | 70.0% | 50.0% |" in lines
    assert "| task1 (en) | 70.0% | 70.0% | 50.0% |" in lines
    assert "| tokens a second, one answer | 100 | 250 | 250 |" in lines
    said = words(*members)
    assert "3.0 times smaller" in said
    assert "2.5 times as fast" in said
    assert "closes 67% of the gap" in said
    assert "gap" not in words(members[0], members[1], None)
    assert "no gap" in words(members[1], members[2], members[0])
    assert members[1].to_json()["accuracy"] == 0.7


def test_what_was_not_measured_is_left_out() -> None:
    members = [one("teacher", 6, 1.0, bits=None), one("student", 2, 1.0, bits=None)]
    assert "bits" not in table(members)
    assert "accuracy" not in table(members)
    assert words(members[0], members[1], members[1]) == words(members[0], members[1], None), (
        "of no gap is anything known"
    )
