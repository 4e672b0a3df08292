"""Proofs that learning by reward works, on held-out questions whose truth is known: how far it brings a tiny assistant.

Which of six words is right depends on the thing that is asked for. The teacher of fine-tuning gives a certain wrong
word oftener than the right one, so that to say what it says most is to be always wrong: the pupil is to pass its
teacher.
Held out are pairs of things that were never asked for together.
"""

from __future__ import annotations

import dataclasses
import json
import random
from pathlib import Path

import pytest
import torch

from samovar.agent.habits import Habits
from samovar.model.checkpoint import load_model
from samovar.tasks.task import Example, Split, assistant
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.rl.curriculum import held_out
from samovar.train.rl.reinforce import reinforce
from samovar.train.rl.rollouts import Player, graded_by, rewarded
from samovar.train.rl.settings import GrpoSettings, PpoSettings
from samovar.train.settings import SftSettings
from samovar.train.sft import sft
from tests.train.rl_tasks import WORDS, WordFor
from tests.train.tiny_preferences import THINGS, tiny_model

pytestmark = pytest.mark.slow
RIGHT, MISLED = 0.32, 0.48
"""Shares of the teacher's answers; the rest are guesses, so that (0.32 + 0.2 / 6) = 35 % of all are right."""
HABITS = Habits(tools=())
MAX_KL = 2.0
"""Nats of an answer. From 35 % to certainty takes log(1 / 0.35) = 1.05."""


class PoorTeacher(WordFor):
    """The same questions; of the answers more than half are wrong."""

    def draw(self, rng: random.Random, split: Split, language: str) -> Example:
        example = super().draw(rng, split, language)
        chance, place = rng.random(), THINGS.index(example.check["kind"])
        if chance < RIGHT:
            return example
        word = WORDS[(place + 1) % len(WORDS)] if chance < RIGHT + MISLED else rng.choice(WORDS)
        return dataclasses.replace(example, reference=(assistant(f"{word}."),))


TASKS = {"word_for": WordFor()}


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """By a teacher who is mostly wrong."""
    folder = tmp_path_factory.mktemp("taught")
    settings = SftSettings(
        tokens=400_000, batch_tokens=1024, micro_batch_tokens=1024, context=128, learning_rate=0.01,
        tasks={"word_for": 1.0}, chained_share=0.0, compile="off", validations=1,
    )  # fmt: skip
    (folder / "out").mkdir()
    base = tiny_model(folder / "base")
    sft(settings, base=base, out=folder / "out", tasks={"word_for": PoorTeacher()})
    return folder / "out"


def train(settings: GrpoSettings | PpoSettings, base: Path, out: Path) -> list[dict[str, float]]:
    """Rows of the run's metrics."""
    out.mkdir()
    reinforce(settings, base=base, out=out, tasks=TASKS, shares={}, habits=HABITS, is_quiet=True)
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def grades(folder: Path, *, temperature: float, seed: int = 0) -> list[float]:
    """Of held-out questions."""
    player = Player(load_model(folder, dtype=torch.float32), Tokenizer.load(folder), HABITS, max_tokens=8)
    asked = held_out(TASKS, 200)
    groups = rewarded(player.play(asked, temperature=temperature, seed=seed), graded_by(TASKS))
    return [one.reward for (one,) in groups]


def share(folder: Path, *, temperature: float) -> float:
    """Of held-out questions that are answered rightly."""
    found = grades(folder, temperature=temperature)
    return sum(found) / len(found)


SMALL = {
    "max_tokens": 8, "context": 128, "micro_batch_tokens": 2048, "held_out": 40, "validations": 1,
    "learning_rate": 1e-3, "adamw_learning_rate": 1e-3, "warmup_share": 0,
}  # fmt: skip


def test_grpo_raises_held_out_accuracy_by_thirty_points_from_a_start_at_thirty_to_forty(
    taught: Path, tmp_path: Path
) -> None:
    settings = GrpoSettings.model_validate({"iterations": 40, "prompts": 16, "answers": 8, **SMALL})
    train(settings, taught, tmp_path / "out")
    before, after = (share(folder, temperature=1.0) for folder in (taught, tmp_path / "out"))
    likeliest = [share(folder, temperature=0.0) for folder in (taught, tmp_path / "out")]
    print(f"GRPO: held-out accuracy {before:.1%} before, {after:.1%} after; of the likeliest answers {likeliest}")
    assert 0.3 <= before <= 0.4
    assert after >= before + 0.3
    assert likeliest[1] >= likeliest[0] + 0.3


def test_ppo_wins_three_quarters_against_where_it_began_and_stays_near(taught: Path, tmp_path: Path) -> None:
    settings = PpoSettings.model_validate({
        **SMALL, "iterations": 40, "prompts": 128, "minibatches": 1, "penalty": 0.05, "value_weight": 0.5,
        "learning_rate": 7e-4, "adamw_learning_rate": 7e-4,
    })  # fmt: skip
    rows = train(settings, taught, tmp_path / "out")
    before, after = grades(taught, temperature=1.0), grades(tmp_path / "out", temperature=1.0, seed=1)
    wins = sum((new > old) + 0.5 * (new == old) for old, new in zip(before, after, strict=True)) / len(before)
    print(f"PPO: wins {wins:.1%} of held-out questions, ties as halves; {rows[-1]['kl_answer']:.2f} nats an answer")
    assert wins >= 0.75
    assert 0 < rows[-1]["kl_answer"] <= MAX_KL
