"""What is told of a run that learns by reward while it runs: signs of collapse, samples, answers nobody can judge."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from samovar.core.errors import DataError
from samovar.train.journal import read_metrics
from samovar.train.rl import reinforce as module
from samovar.train.rl.rollouts import Rollout
from samovar.train.rl.settings import PpoSettings
from samovar.train.rl.watch import Watch
from tests.train.rl_runs import grpo_settings, run

NORMAL = {"reward": 0.4, "cut_share": 0.0, "answer_tokens": 10.0, "useful_share": 1.0, "surprise": 1.0}


def test_held_out_questions_are_not_to_fall_below_the_beginning() -> None:
    watch = Watch()
    assert watch.look({"step": 0, "held_out": 0.8}) == []
    assert watch.look(NORMAL) == []
    (sign,) = watch.look({**NORMAL, "reward": 0.6, "held_out": 0.5})
    assert "the reward rises (0.40 to 0.60) while held-out questions fall (80% to 50%)" in sign


def test_a_reward_that_was_won_and_lost_on_the_way_elsewhere_is_told() -> None:
    watch = Watch()
    course = [(0.4, 0.1)] * 5 + [(0.9, 0.5)] * 3 + [(0.5, 0.9)] * 3 + [(0.5, 4.0)] * 3
    told = [watch.look({**NORMAL, "reward": reward, "kl_answer": kl}) for reward, kl in course]
    assert [len(signs) for signs in told] == [0] * 11 + [1, 0, 0], "a fall alone may be of harder questions"
    assert "the reward has fallen from 0.90 to 0.50 while answers went from 0.5 to 1.9 nats away" in told[11][0]
    watch = Watch()
    told = [watch.look({**NORMAL, "reward": reward, "kl_answer": kl / 10}) for reward, kl in course]
    assert not any(told), "within a nat an answer it is where it was"


def test_ppo_tells_a_constant_reward_as_well(guesser: Path, tmp_path: Path) -> None:
    """Of one answer to a question nobody knows whether another had been worth more: all of an iteration tell."""
    settings = PpoSettings.model_validate(
        {"iterations": 3, "prompts": 4, "max_tokens": 8, "context": 128, "held_out": 2, "micro_batch_tokens": 2048}
    )
    found = run(guesser, tmp_path / "out", settings, rewarding=lambda rollouts: [2.0] * len(rollouts))
    (sign,) = found["signs"]  # type: ignore[misc]
    assert "for 3 iterations all answers to each question were worth the same" in sign
    rows = read_metrics(tmp_path / "out" / "metrics.jsonl")
    assert [row.get("signs") for row in rows] == [None, None, None, sign]
    assert rows[-1]["memory_bytes"] > 2**20


def test_answers_that_the_reward_model_cannot_read_are_left_out(guesser: Path, tmp_path: Path) -> None:
    def half(rollouts: Sequence[Rollout]) -> list[float | None]:
        return [None if number % 2 else float(number % 4) for number in range(len(rollouts))]

    run(guesser, tmp_path / "out", grpo_settings(iterations=2, held_out=2, draws=1), rewarding=half)
    _, *rows = read_metrics(tmp_path / "out" / "metrics.jsonl")
    assert [(row["answers"], row["answers_too_long"], row["useful_share"]) for row in rows] == [(32, 32, 1.0)] * 2
    # A baseline of the others needs others: one answer that is left of eight teaches nothing.
    run(
        guesser, tmp_path / "one", grpo_settings(iterations=1, held_out=2, draws=1, algorithm="rloo"),
        rewarding=lambda rollouts: [None if number % 8 else 1.0 for number in range(len(rollouts))],
    )  # fmt: skip
    assert read_metrics(tmp_path / "one" / "metrics.jsonl")[1]["useful_share"] == 0
    with pytest.raises(DataError, match="all of 192 answers are longer"):
        run(guesser, tmp_path / "no", grpo_settings(held_out=2), rewarding=lambda rollouts: [None] * len(rollouts))


def test_a_run_is_told_of_while_it_runs_and_a_killed_one_remembers(
    guesser: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    calls, freed = [], []

    def dies(rollouts: Sequence[Rollout]) -> list[float]:
        calls.append(1)
        if len(calls) == 3:
            raise Killed
        return [0.5] * len(rollouts)

    monkeypatch.setattr(module, "give_back_freed_memory", lambda: freed.append(1))
    settings = grpo_settings(iterations=3, validations=3, draws=1, held_out=4, checkpoint_every_s=1e-9)
    with pytest.raises(Killed):
        run(guesser, tmp_path / "out", settings, rewarding=dies)
    samples = (tmp_path / "out" / "samples.md").read_text()
    assert samples.startswith("# Answers before, and after 2 iterations")
    assert samples.count("- before: ") == samples.count("- after: ") == 4
    found = run(guesser, tmp_path / "out", settings, rewarding=dies)
    assert "for 3 iterations all" in found["signs"][0], "those before it was killed count"  # type: ignore[index]
    assert len(freed) == 3, "at every checkpoint"
