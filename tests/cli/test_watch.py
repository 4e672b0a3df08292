"""`samovar watch`: curves in characters, narrow and wide pictures, and what the command prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from samovar.brew.project import Project
from samovar.brew.run_rows import Rows
from samovar.brew.watching import Picture
from samovar.cli.braille import MARK, draw, sparkline
from samovar.cli.watch_picture import picture
from samovar.train.journal import Point
from tests.brew.test_watching import append, row
from tests.cli.conftest import Samovar


def test_a_straight_line_by_hand() -> None:
    """Eight dots from the upper left to the lower right corner of two cells by one."""
    points = [(x, 3.0 - x) for x in range(4)]
    drawing = draw(points, width=2, height=1, x_max=4)
    # Columns of dots 0..3 have their dot in rows 0..3.
    assert drawing.lines == [chr(0x2800 | 0x01 | 0x10) + chr(0x2800 | 0x04 | 0x80)]
    assert (drawing.low, drawing.high) == (0.0, 3.0)


def test_a_steep_curve_has_no_gaps_and_the_start_may_lie_above() -> None:
    points = [(0.0, 100.0)] + [(float(x), 2.0 if x < 50 else 1.0) for x in range(1, 100)]
    drawing = draw(points, width=40, height=6, x_max=100)
    assert drawing.high < 3.0
    assert all(line.strip() for line in drawing.lines), "the fall from 2 to 1 passes through every line"


def test_marks_and_room_for_what_is_to_come() -> None:
    drawing = draw([(x, 1.0 + x) for x in range(10)], width=20, height=4, x_max=20, marks=[(5, 6.0)])
    assert sum(line.count(MARK) for line in drawing.lines) == 1
    assert all(not line[11:].strip() for line in drawing.lines)
    assert all(len(line) == 20 for line in drawing.lines)


@pytest.mark.parametrize("points", [[(1.0, 2.0)], [(0.0, 1.0), (0.0, 1.0)], [(float(x), 5.0) for x in range(500)]])
def test_any_curve_can_be_drawn(points: list[tuple[float, float]]) -> None:
    assert len(draw(points, width=10, height=3, x_max=max(1.0, points[-1][0])).lines) == 3


def test_sparklines() -> None:
    assert sparkline([0, 1, 2, 3], 4) == "▁▃▆█"
    assert sparkline([1, 1], 4) == "▁▁"
    assert len(sparkline(list(range(100)), 12)) == 12
    assert sparkline([], 5) == ""


def some_run() -> Picture:
    rows = Rows()
    for step in range(1, 200):
        row = {"loss": 5 / step, "gradient_norm": 1.0, "learning_rate": 0.01, "tokens": 10.0 * step}
        rows.add(row | {"step": step, "seconds": float(step)})
    rows.loss.checks.append(Point(1000.0, 0.5))
    rows.samples = {"sample": "the tea \x1b[31mis\nwarm"}
    return Picture("running", "pretrain", Path("x"), rows=rows, about={"tokens": 4000, "steps": 400}, mfu=0.42)


def run_by_reward() -> Picture:
    rows = Rows()
    rows.add({"step": 0, "seconds": 0.0, "held_out": 0.25, "sample 1": "2+2 -> 5"})
    for step in range(1, 20):
        rows.add({"step": step, "seconds": 9.0 * step, "reward": step / 20, "success": 0.5, "kl": 0.01, "cut_share": 0})
    return Picture("running", "reinforcement", Path("x"), rows=rows, about={"steps": 40})


@pytest.mark.parametrize("width", [40, 60, 72, 80, 109, 110, 130, 200])
def test_a_picture_fits_the_terminal(width: int) -> None:
    console = Console(width=width, height=24, force_terminal=True, color_system=None, legacy_windows=False)
    with console.capture() as captured:
        console.print(picture(some_run(), width, 24))
    lines = captured.get().splitlines()
    assert max(len(line) for line in lines) <= width
    text = " ".join(" ".join(lines).split())
    for shown in ("pretrain running", "validation 0.5000", "10 tokens/s", "42%", "3m 21s", "learning rate"):
        assert shown in text
    assert not any("…" in line for line in lines if "running" not in line), "nothing is cut but the headline's bar"
    assert "\x1b" not in text, "what a model writes does not steer the terminal"


@pytest.mark.parametrize("width", [60, 130])
def test_a_run_by_reward_is_drawn_as_well(width: int) -> None:
    console = Console(width=width, height=24, force_terminal=True, color_system=None, legacy_windows=False)
    with console.capture() as captured:
        console.print(picture(run_by_reward(), width, 24))
        begun = Picture("running", "grpo", Path("x"), rows=Rows())
        begun.rows.add({"step": 0, "seconds": 0.0, "held_out": 0.25})
        console.print(picture(begun, width, 24))
    lines = captured.get().splitlines()
    assert max(len(line) for line in lines) <= width
    text = " ".join(" ".join(lines).split())
    for shown in ("iteration 19/40", "(last 0.950)", "held-out 25.0%", "right 50%", "divergence 0.0100", "3m 09s"):
        assert shown in text, shown
    assert "reward over iterations" in text


@pytest.mark.parametrize("width", [60, 130])
def test_answers_stand_beside_those_of_the_beginning(width: int) -> None:
    run = run_by_reward()
    assert run.rows.first_samples == run.rows.samples == {"sample 1": "2+2 -> 5"}
    told = {"held_out": 0.5, "sample 1": "2+2 -> " + "4" * 300, "signs": "the entropy has fallen"}
    run.rows.add({"step": 20, "seconds": 180.0, "reward": 1.0} | told)
    console = Console(width=width, height=40, force_terminal=True, color_system=None, legacy_windows=False)
    with console.capture() as captured:
        console.print(picture(run, width, 40))
    lines = [line.rstrip() for line in captured.get().splitlines()]
    assert max(len(line) for line in lines) <= width
    place = lines.index("sample 1: 2+2")
    assert lines[place + 1] == "  before: 5"
    assert lines[place + 2].startswith("     now: 444")
    assert len(lines) == place + 3, "a long answer takes no second line"
    assert "look: the entropy has fallen" in lines


def test_one_picture_and_json(samovar: Samovar, tmp_path: Path) -> None:
    append(tmp_path / "metrics.jsonl", row(1) + row(2, validation_loss=1.25, sample="tea"))
    ran = samovar("watch", tmp_path, "--once")
    assert ran.code == 0, ran.err
    assert "1.2500" in ran.out
    assert "sample: tea" in ran.out
    assert samovar("watch", tmp_path).code == 0, "into a pipe it is one picture as well"
    told = json.loads(samovar("watch", tmp_path, "--json").out)
    assert (told["step"], told["validation_loss"], told["tokens_per_second"]) == (2, 1.25, 50.0)
    assert told["samples"] == told["first_samples"] == {"sample": "tea"}
    assert told["signs"] == []


def test_a_finished_project_and_one_where_nothing_has_begun(samovar: Samovar, brewed: Project, tmp_path: Path) -> None:
    told = json.loads(samovar("watch", brewed.root, "--json").out)
    assert (told["state"], told["stage"]) == ("finished", "sft")
    assert told["tokens"] == told["total_tokens"]
    assert told["memory_bytes"] > 2**20
    (tmp_path / "samovar.yaml").write_text("{}")
    assert "not begun" in samovar("watch", tmp_path, "--once").out
    nowhere = samovar("watch", tmp_path / "nowhere", "--once")
    assert nowhere.code == 1
    assert "hint: " in nowhere.err
