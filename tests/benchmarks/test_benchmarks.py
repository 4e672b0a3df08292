"""The benchmarks run and add up rightly; how fast anything is belongs to their results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import contest, quick_start
from benchmarks.contest import Contestant, ContestantError, Spread, fastest_of_groups
from benchmarks.result import markdown_table, slug, write_result
from samovar.brew.project import Project
from samovar.core.errors import MissingError
from tests.brew.conftest import brewed, brewed_copy
from tests.brew.tiny import tiny_project

__all__ = ["brewed", "brewed_copy"]


def test_the_fastest_of_a_group_plays_on() -> None:
    players = [Contestant(label, "m", {}, group) for label, group in (("a", ""), ("p1", "p"), ("p2", "p"), ("b", ""))]
    outcomes = {"a": [{"speed": 1}], "p1": [{"speed": 2}], "p2": [{"speed": 3}], "b": [{"speed": 0}]}
    assert [one.label for one in fastest_of_groups(players, outcomes, "speed")] == ["a", "p2", "b"]


def test_rounds_are_interleaved(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def run_alone(one: Contestant, *, threads: int) -> dict[str, float]:
        order.append(one.label)
        return {"speed": {"a": 1.0, "slow": 2.0, "fast": 3.0}[one.label]}

    monkeypatch.setattr(contest, "run_alone", run_alone)
    players = [Contestant("a", "m", {}), Contestant("slow", "m", {}, "peer"), Contestant("fast", "m", {}, "peer")]
    outcomes = contest.play(players, rounds=3, threads=1, measure="speed")
    assert order == ["a", "slow", "fast", "a", "fast", "a", "fast"]
    assert len(outcomes["slow"]) == 1


def test_a_contestant_that_fails_is_named() -> None:
    with pytest.raises(ContestantError, match="ghost ended with code 1"):
        contest.run_alone(Contestant("ghost", "no_such_contestant", {}), threads=1)


def test_quick_start_of_a_small_project(tmp_path: Path, brewed_copy: Project) -> None:
    project = tiny_project(tmp_path / "small")
    with pytest.raises(MissingError, match="is not brewed: data, tokenizer"):
        quick_start.read_manifests(project.root)
    measured = quick_start.measure(brewed_copy.root, times=1, threads=1)
    assert set(measured["command_seconds"]) == {"second_brew", "chat", "help"}
    found = quick_start.lines(measured, has_amx=False)
    assert found[0].target == "40 min without AMX"
    assert found[0].is_met
    assert {"arithmetic, en", "arithmetic, ru", "small_talk, en"} <= {line.what for line in found}
    assert "NO" in quick_start.table(found)  # two questions to a model of thirty thousand parameters


def test_a_result_says_what_it_is_valid_for(tmp_path: Path) -> None:
    path = write_result("speed", "How fast?", {"summary": 1}, folder=tmp_path)
    found = json.loads(path.read_text())
    assert path.name.startswith("speed-")
    assert found["machine"]["cores"] >= 1
    assert found["versions"]["torch"]
    assert found["question"] == "How fast?"


def test_words_and_tables() -> None:
    assert slug("Intel(R) Xeon(R) Gold 6530 CPU @ 2.10GHz") == "intel-r-xeon-r-gold-6530-cpu-2-10ghz"
    assert Spread.of([3.0, 1.0, 2.0]) == (2.0, 1.0, 3.0)
    assert markdown_table(["a", "long"], [["xyz", "1"]]).splitlines()[1] == "| --- | ---- |"
