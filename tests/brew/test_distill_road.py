"""The stage `distill` by itself: a teacher, its student and the student alone in one table, and what is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from samovar.brew.alone import make_alone
from samovar.brew.promotion import TABLE
from samovar.brew.recipe import compose_recipe
from samovar.brew.stage import load_stages
from samovar.evals.comparison import Measures
from samovar.evals.tasks import TaskScore
from samovar.model.checkpoint import read_settings
from tests.cli.conftest import Samovar, samovar
from tests.train.tiny_preferences import tiny_model, write_rows

__all__ = ["samovar"]

LOOP = {
    "size": 1, "tokens": 1024, "batch_tokens": 512, "micro_batch_tokens": 256, "context": 128, "validations": 1,
    "compile": "off", "top_k": 4, "alone": True, "gate": {"examples": 2},
}  # fmt: skip
TALK = {"messages": [{"role": "user", "content": "How?"}, {"role": "assistant", "content": "Kindly."}]}


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("teacher"), layers=3, width=160)


def test_the_table_of_three_and_what_is_kept_in_the_project(teacher: Path, tmp_path: Path) -> None:
    (tmp_path / ".samovar").mkdir()
    write_rows(tmp_path / "talks.jsonl", [TALK])
    sft = {"tasks": {"sentiment": 1.0}, "conversations": ["talks.jsonl"]}
    recipe = compose_recipe(None, {"distill": LOOP, "sft": sft, "eval": {"max_tokens": 4}})
    stage = load_stages()["distill"]
    made = make_alone(stage, recipe, inputs={"sft": teacher}, out=tmp_path / "small", root=tmp_path)
    table = (tmp_path / "small" / TABLE).read_text()
    assert table.startswith("| what | teacher | student | alone |")
    assert "| sentiment (en) |" in table
    assert "times smaller than its teacher" in table
    members = {one["name"]: one for one in made.metrics["comparison"]}
    assert members["student"]["parameters"] == members["alone"]["parameters"] < members["teacher"]["parameters"]
    assert members["teacher"]["size_bytes"] == (teacher / "model.safetensors").stat().st_size
    assert all(one["tokens_per_second"] > 0 for one in members.values())
    assert not (tmp_path / "small" / "scratch").exists()
    assert (tmp_path / "small" / "alone" / "model.safetensors").is_file()
    (kept,) = (tmp_path / ".samovar" / "expected").iterdir()
    written = {path.name: path.stat().st_mtime_ns for path in kept.iterdir()}
    other = recipe.model_copy(update={"distill": recipe.distill.model_copy(update={"alone": False, "seed": 0})})  # type: ignore[union-attr]
    make_alone(stage, other, inputs={"sft": teacher}, out=tmp_path / "again", root=tmp_path)
    assert {path.name: path.stat().st_mtime_ns for path in kept.iterdir()} == written


@pytest.mark.parametrize("most", [None, 0.2])
def test_a_student_that_is_too_much_worse_is_not_taken(
    teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: float | None
) -> None:
    def measured(model: Path, *_: object, **__: object) -> Measures:
        share = 0.9 if model == teacher else 0.5
        return Measures([TaskScore("sentiment", "en", share, 60, share - 0.1, share + 0.1)], None)

    monkeypatch.setattr("samovar.evals.comparison.measure", measured)
    write_rows(tmp_path / "talks.jsonl", [TALK])
    sft = {"tasks": {"sentiment": 1.0}, "conversations": ["talks.jsonl"]}
    recipe = compose_recipe(None, {"distill": LOOP | {"gate": {"max_fall": most}}, "sft": sft})
    out = tmp_path / "small"
    made = make_alone(load_stages()["distill"], recipe, inputs={"sft": teacher}, out=out, root=tmp_path)
    said = (out / TABLE).read_text()
    assert made.metrics["promoted"] == (most is None)
    if most is None:
        assert "Beside its teacher: worse: sentiment (en). The student is taken." in said
        assert read_settings(out).num_layers == 1
        assert not (out / "refused").exists()
        return
    assert "Beside its teacher: too much worse: sentiment (en). The teacher stays." in said
    assert read_settings(out).num_layers == 3
    assert (out / "model.safetensors").read_bytes() == (teacher / "model.safetensors").read_bytes()
    assert read_settings(out / "refused").num_layers == read_settings(out / "refused" / "alone").num_layers == 1


def test_a_dry_run_foretells_what_is_kept(teacher: Path, tmp_path: Path, samovar: Samovar) -> None:
    ran = samovar("distill", teacher, "--task", "sentiment", "--top-k", 16, "--set", "distill.tokens=1000000",
                  "--out", tmp_path / "small", "--dry-run")  # fmt: skip
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["kept_bytes"] == round(0.35 * 1_000_000 * 66)
    assert not (tmp_path / "small").exists()
