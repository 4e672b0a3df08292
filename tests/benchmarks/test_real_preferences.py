"""The benchmark of real preferences: no prompt is both learnt and held out, and judges' words become pairs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.judgments import BEGINNING, review_pairs
from benchmarks.real_preferences import LOOP, split, write_pairs
from samovar.chat.preferences import Pair, read_preferences
from samovar.core.errors import MissingError
from samovar.tasks.task import assistant, user
from samovar.train.preference_settings import DpoSettings, RewardSettings


def pair(asked: str, good: str, bad: str) -> Pair:
    return Pair((user(asked),), (assistant(good),), (assistant(bad),))


def test_pairs_of_one_prompt_stay_together_and_come_back_from_the_file(tmp_path: Path) -> None:
    every = [pair(f"Question {number % 50}?", f"Yes {number}.", "No.") for number in range(200)]
    learnt, held_out = split(every, 150, lambda one: "7" not in one.prompt[0].content)
    assert len(learnt) + len(held_out) == 150
    assert {one.prompt[0].content for one in learnt}.isdisjoint(one.prompt[0].content for one in held_out)
    assert 20 < len(held_out) < 60
    assert not any("7" in one.prompt[0].content for one in (*learnt, *held_out))
    assert split(every[::-1], 150, lambda one: "7" not in one.prompt[0].content)[1] == held_out
    assert list(read_preferences(write_pairs(tmp_path / "pairs.jsonl", held_out))) == held_out


def test_what_is_measured_is_trained_as_the_settings_have_it() -> None:
    for settings in (DpoSettings, RewardSettings):
        assert settings.model_validate(LOOP).held_out_every == LOOP["held_out_every"]


def test_reviews_become_pairs(tmp_path: Path) -> None:
    folder = tmp_path / "mt_bench_vicuna" / "vicuna_eval"

    def write(name: str, *rows: dict[str, object]) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))

    write("question.jsonl", {"question_id": 1, "text": "Tea?"})
    write("answer/a.jsonl", {"answer_id": "a", "text": "Yes. " * 200}, {"answer_id": "b", "text": "No."})
    review = {"question_id": 1, "answer1_id": "b", "answer2_id": "a"}
    write(
        "review/judge/r.jsonl", review | {"score": [6.0, 8.5]}, review | {"score": [7.0, 7.0]},
        review | {"score": [-1.0, -1.0]}, review | {"answer1_id": "gone", "score": [1.0, 2.0]},
    )  # fmt: skip
    (one,) = review_pairs(tmp_path)
    assert one.rejected == (assistant("No."),)
    assert one.margin == 2.5
    assert len(one.chosen[0].content) == BEGINNING
    with pytest.raises(MissingError, match="does not exist"):
        next(review_pairs(tmp_path / "nowhere"))
