"""The benchmark of self-improvement: what it teaches, what it asks, and that nothing is asked that was taught."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks import self_improvement as benchmark
from samovar.chat.read import read_conversations

OPTIONS = argparse.Namespace(rows=60, width=32, layers=1)


def test_rows_are_mostly_easy_and_the_exam_is_hard_and_unseen(tmp_path: Path) -> None:
    benchmark.prepare(tmp_path, OPTIONS)
    taught = list(read_conversations(tmp_path / "rows.jsonl"))
    easy = [one for one in taught if one.meta["task"] in benchmark.TAUGHT_BEFORE]
    assert len(easy) >= 0.85 * len(taught)
    told = [one for one in taught if one.meta["task"].startswith("more_words")]
    assert all(len(one.messages[0].content.split(", ")) <= 5 for one in told), "no story of the exam's levels is shown"
    questions = {one.messages[0].content for one in taught}
    for name, task in benchmark.tasks(benchmark.HARDER, seed=benchmark.EXAM_SEED).items():
        exam = {example.prompt[0].content for example in task.examples("test", 100)}
        asked = benchmark.tasks(benchmark.ASKED, seed=2)
        trained = {one.prompt[0].content for other in asked.values() for one in other.examples("train", 100)}
        assert not exam & (questions | trained), name
    found = benchmark.examine(tmp_path / "fresh", benchmark.HARDER, 3)
    assert {name: one["count"] for name, one in found.items()} == {**dict.fromkeys(benchmark.HARDER, 3), "all": 6}
    assert found["all"]["low"] <= found["all"]["share"] <= found["all"]["high"]


def test_what_was_made_is_not_made_again(tmp_path: Path) -> None:
    calls = []

    def run(out: Path) -> dict[str, int]:
        calls.append(out)
        (out / "model").touch()
        return {"steps": 3}

    (tmp_path / "way").mkdir()
    (tmp_path / "way" / "left by an interrupted run").touch()
    first = benchmark._timed(tmp_path / "way", run)
    assert benchmark._timed(tmp_path / "way", run) == first
    assert calls == [tmp_path / "way"]
    assert {path.name for path in first.folder.iterdir()} == {"model", "way.json"}
    assert json.loads((first.folder / "way.json").read_text())["told"] == first.told == {"steps": 3}


def test_success_of_what_was_asked_by_hand(tmp_path: Path) -> None:
    rows = [{"held_out": 0.5}, {"success": 0.1}, {"success": 0.4}, {"success": 0.8}, {"success": 0.7}]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = benchmark.success_asked(tmp_path)
    assert found == {"lowest": 0.1, "highest": 0.8, "iterations_within_20_80": 0.75}
    (tmp_path / "metrics.jsonl").write_text(json.dumps({"loss": 2.0}) + "\n")
    assert benchmark.success_asked(tmp_path) == {}, "more fine-tuning asks nothing"


def test_the_table_by_hand() -> None:
    cell = {"share": 0.5, "low": 0.4, "high": 0.6, "count": 100}
    harder = {**dict.fromkeys(benchmark.HARDER, cell), "all": cell}
    outcome = {"GRPO": {"processor_seconds": 61.4, "harder": harder, "taught": {"all": cell}}}
    last = benchmark.table(outcome).splitlines()[-1]
    assert [part.strip() for part in last.strip("|").split("|")] == ["GRPO", "61", *["50.0% (40% to 60%)"] * 4]
