"""Proofs that preferences teach, on held-out questions whose truth is known.

The assistant knows the words of two things of eight, and says any of six words for the others. It answers training
questions several times; of each, by the true grader, a right answer and every wrong one are a pair. Held out are pairs
of things that were never asked for together.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from samovar.agent.habits import Habits
from samovar.chat.preferences import Pair
from samovar.evals.reward import pair_quality
from samovar.model.checkpoint import load_model
from samovar.tasks.task import assistant, final_text
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.dpo import dpo
from samovar.train.preference_settings import DpoSettings, RewardSettings
from samovar.train.reward import reward
from samovar.train.rl.curriculum import held_out
from samovar.train.rl.rollouts import Player, graded_by, rewarded
from samovar.train.scoring import RewardModel
from samovar.train.settings import SftSettings
from samovar.train.sft import sft
from tests.train.rl_tasks import WORDS, WordFor
from tests.train.tiny_preferences import THINGS, tiny_model, write_rows

pytestmark = pytest.mark.slow
KNOWN = THINGS[:2]
HABITS = Habits(tools=())
MAX_KL = 3.0
"""Nats of an answer. From one in six to certainty takes log 6 = 1.8."""
QUESTIONS, ANSWERS = 600, 8
LOOP = {"context": 128, "batch_tokens": 2048, "micro_batch_tokens": 2048, "validations": 1, "compile": "off"}


class Here(WordFor):
    """The same, asked in another way."""

    asked: ClassVar[str] = "With the {other} here: {ask}"


TASKS = {"word_for": Here()}


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two things of eight."""
    folder = tmp_path_factory.mktemp("taught")
    rng = random.Random(3)
    rows = []
    for example in Here().examples("train", 800):
        is_known = example.check["kind"] in KNOWN
        said = example.reference[0] if is_known else assistant(f"{rng.choice(WORDS)}.")
        rows.append({"messages": [one.to_openai() for one in (*example.prompt, said)]})
    settings = SftSettings(
        tokens=200_000, batch_tokens=2048, micro_batch_tokens=2048, context=128, learning_rate=0.01,
        conversations_share=1.0, max_epochs=100, compile="off", validations=1,
    )  # fmt: skip
    (folder / "out").mkdir()
    base = tiny_model(folder / "base")
    sft(settings, base=base, out=folder / "out", tasks={}, conversations=[write_rows(folder / "rows.jsonl", rows)])
    return folder / "out"


def grades(folder: Path, *, temperature: float, seed: int = 0) -> list[float]:
    """Of held-out questions."""
    player = Player(load_model(folder, dtype=torch.float32), Tokenizer.load(folder), HABITS, max_tokens=8)
    groups = rewarded(player.play(held_out(TASKS, 200), temperature=temperature, seed=seed), graded_by(TASKS))
    return [one.reward for (one,) in groups]


@pytest.fixture(scope="module")
def judged(taught: Path) -> Path:
    """A file of pairs: what the assistant itself said to training questions, graded."""
    player = Player(load_model(taught, dtype=torch.float32), Tokenizer.load(taught), HABITS, max_tokens=8)
    asked = [one for one in TASKS["word_for"].examples("train", QUESTIONS) for _ in range(ANSWERS)]
    groups = rewarded(player.play(asked, temperature=1.0, seed=5), graded_by(TASKS))
    rows: list[dict[str, Any]] = []
    for first in range(0, len(groups), ANSWERS):
        several = [one for (one,) in groups[first : first + ANSWERS]]
        right = [final_text(one.completion) for one in several if one.reward == 1.0]
        wrong = [final_text(one.completion) for one in several if one.reward == 0.0]
        if right:
            prompt = [message.to_openai() for message in several[0].example.prompt]
            rows += [{"prompt": prompt, "chosen": right[0], "rejected": one} for one in dict.fromkeys(wrong)]
    print(f"{len(rows)} pairs of {QUESTIONS} questions")
    return write_rows(taught.parent / "judged.jsonl", rows)


def test_a_reward_model_tells_nineteen_of_twenty_held_out_pairs_apart(
    taught: Path,
    judged: Path,
    tmp_path: Path,
) -> None:
    settings = RewardSettings.model_validate(
        LOOP | {"epochs": 12.0, "learning_rate": 2e-3, "adamw_learning_rate": 2e-3, "head_learning_rate": 5e-3}
    )
    reward(settings, base=taught, out=tmp_path, preferences=[judged])
    pairs = []
    for example in TASKS["word_for"].examples("test", 300):
        right = final_text(example.reference)
        pairs += [
            Pair(example.prompt, example.reference, (assistant(f"{word}."),)) for word in WORDS if f"{word}." != right
        ]
    quality = pair_quality(RewardModel.load(tmp_path).score_pairs(pairs))
    print(f"reward model: {quality}")
    assert quality.accuracy >= 0.95


def test_dpo_wins_three_quarters_against_where_it_began_and_stays_near(
    taught: Path,
    judged: Path,
    tmp_path: Path,
) -> None:
    settings = DpoSettings.model_validate(
        LOOP | {"epochs": 24.0, "chosen_weight": 0.5, "learning_rate": 2e-3, "adamw_learning_rate": 2e-3}
    )
    metrics = dpo(settings, base=taught, out=tmp_path, preferences=[judged])
    before, after = grades(taught, temperature=1.0), grades(tmp_path, temperature=1.0, seed=1)
    wins = float(np.mean([(new > old) + 0.5 * (new == old) for old, new in zip(before, after, strict=True)]))
    print(
        f"DPO: wins {wins:.1%} of held-out questions, ties as halves (right {np.mean(before):.1%} before, "
        f"{np.mean(after):.1%} after); {metrics['drift_per_answer']:.2f} nats an answer"
    )
    assert wins >= 0.75
    assert metrics["drift_per_answer"] <= MAX_KL
