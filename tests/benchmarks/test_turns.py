"""Contestants that take turns: all get ready at once, and nobody does anything while another is timed."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

from benchmarks.contest import Contestant, ContestantError
from benchmarks.turns import take_turns

# What stands for Python here: it gets ready for so long, moment by moment, waits, and works for so long.
PLAYER = """#!{python}
import json, pathlib, sys, time
job = json.loads(sys.argv[4])
turn = pathlib.Path(job["turn"])
moments = []
def spend(seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        moments.append(time.monotonic())
        time.sleep(0.01)
spend(job["ready_s"])
(turn / "ready").touch()
while not (turn / "go").exists():
    time.sleep(0.01)
began = time.monotonic()
time.sleep(job["works_s"])
if job["fails"]:
    sys.exit("out of memory")
ended = time.monotonic()
pathlib.Path(sys.argv[5]).write_text(json.dumps(dict(began=began, ended=ended, moments=moments)))
"""


def player(folder: Path, label: str, *, ready_s: float, works_s: float = 0.3, fails: bool = False) -> Contestant:
    program = folder / "player"
    program.write_text(PLAYER.format(python=sys.executable))
    program.chmod(0o755)
    job = {"ready_s": ready_s, "works_s": works_s, "fails": fails}
    return Contestant(label, "", job, python=str(program), timeout_s=60.0)


def test_nobody_moves_while_another_is_timed(tmp_path: Path) -> None:
    slow, quick = player(tmp_path, "slow", ready_s=1.0), player(tmp_path, "quick", ready_s=0.1)
    next_one = player(tmp_path, "next", ready_s=0.1)
    found = {
        one.label: json.loads(json.dumps(end))
        for one, end in take_turns([[slow], [quick, next_one]], threads=1, limit_s=60)
    }
    assert set(found) == {"slow", "quick", "next"}
    turns = sorted((one["began"], one["ended"]) for one in found.values())
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(turns))
    assert found["quick"]["ended"] < found["next"]["moments"][0], "a lane has one at a time"
    for began, ended in turns:
        busy = [moment for one in found.values() for moment in one["moments"] if began + 0.1 < moment < ended]
        assert not busy
    assert found["slow"]["moments"][0] < found["quick"]["began"], "they got ready beside each other"


def test_who_fails_or_is_late_is_said_and_the_others_go_on(tmp_path: Path) -> None:
    lanes = [
        [player(tmp_path, "fails", ready_s=0.1, fails=True), player(tmp_path, "good", ready_s=0.1)],
        [player(tmp_path, "late", ready_s=60.0)],
    ]
    found = {one.label: end for one, end in take_turns(lanes, threads=1, limit_s=4.0)}
    assert isinstance(found["good"], dict)
    assert isinstance(found["fails"], ContestantError)
    assert "out of memory" in str(found["fails"])
    assert str(found["late"]) == "late did not finish in time"
