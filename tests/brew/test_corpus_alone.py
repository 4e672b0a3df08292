"""A corpus by itself: what it says it looked for, and the time that it says it took."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from samovar.brew.corpus_alone import make_corpus_alone
from samovar.brew.forgetting import _recipe_of, forget_in_corpus
from samovar.brew.recipe import Recipe, compose_recipe
from samovar.brew.stages.data import DataStage
from samovar.core.artifact import CLOCK, SCRATCH, STATE, partial_folder, read_manifest
from samovar.core.errors import DataError
from samovar.core.files import write_json
from samovar.data.forget import parse_rule


def recipe_of(root: Path, **tasks: float) -> Recipe:
    (root / "documents").mkdir(exist_ok=True)
    (root / "documents" / "tea.txt").write_text("The samovar of the station boils from morning until night.\n")
    source = {"path": str(root / "documents"), "name": "documents"}
    data = {"sources": [source], "steps": ["normalise", "decontaminate"], "workers": 1}
    return compose_recipe(None, {"data": data, "sft": {"tasks": tasks}}, ())


def test_without_questions_nothing_was_looked_for(tmp_path: Path) -> None:
    make_corpus_alone(recipe_of(tmp_path), tmp_path / "corpus", is_quiet=True)
    assert "no evaluation set was named" in (tmp_path / "corpus" / "report.md").read_text(encoding="utf-8")


def test_the_pause_after_a_run_that_failed_is_not_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe, out = recipe_of(tmp_path), tmp_path / "corpus"

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(DataStage, "run", fail)
        with pytest.raises(KeyboardInterrupt):
            make_corpus_alone(recipe, out, is_quiet=True)
    an_hour_ago = time.time() - 3600
    partial = partial_folder(out)
    write_json(partial / SCRATCH / CLOCK, {"before": 0.0, "started": an_hour_ago - 1})
    for path in partial.rglob("*"):
        os.utime(path, (an_hour_ago, an_hour_ago))
    assert make_corpus_alone(recipe, out, is_quiet=True).seconds < 600


def test_whose_questions_are_kept_out_counts_and_not_how_often_they_are_learnt(tmp_path: Path) -> None:
    once, often, more = (
        recipe_of(tmp_path, **tasks) for tasks in ({"refusals": 1}, {"refusals": 3}, {"refusals": 1, "sentiment": 1})
    )
    assert DataStage().config(once) == DataStage().config(often) != DataStage().config(more)
    make_corpus_alone(often, tmp_path / "corpus", is_quiet=True)
    made = read_manifest(tmp_path / "corpus")
    assert make_corpus_alone(once, tmp_path / "corpus", is_quiet=True) == made
    assert DataStage().config(_recipe_of(tmp_path / "corpus")) == made.config, "to forget something it is made anew"


def test_what_is_to_be_forgotten_is_gone_though_nothing_is_left(tmp_path: Path) -> None:
    make_corpus_alone(recipe_of(tmp_path), tmp_path / "corpus", is_quiet=True)
    with pytest.raises(DataError):
        forget_in_corpus(tmp_path / "corpus", [parse_rule("*/tea.txt")], is_quiet=True)
    assert [path.name for path in (tmp_path / "corpus").iterdir()] == [STATE]
