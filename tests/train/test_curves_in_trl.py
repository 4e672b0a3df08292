"""A whole training takes TRL's course: the same weights, rows and rates give the same curve.

By reward, both learn from the answers that ours drew. One thing is set to ours: ORPO's likelihood is that of the chosen
answer, of each pair alike (Hong et al. 2024, arXiv:2403.07691, equations 3 and 6). TRL's trainer learns the prompt as
well, and takes the mean over all tokens, as the authors' own does unless it is told ``--disable_prompt_loss``: here it
takes the mean of the log-probabilities that its other term has.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch

from samovar.train import reward as reward_module
from samovar.train.dpo import dpo
from samovar.train.journal import read_metrics
from samovar.train.preference_settings import DpoSettings, RewardSettings
from samovar.train.reward import reward
from samovar.train.rl.rollouts import Rollout
from samovar.train.rl.settings import GrpoSettings
from tests.train.tiny_preferences import pairs, write_rows
from tests.train.trl_runs import (
    BY_REWARD,
    CONTEXT,
    ITERATIONS,
    MOST,
    REWARD_RATE,
    THEIRS,
    check_same_way,
    learn_by_reward,
    learner,
    tokenizer_of,
)

STEPS, PAIRS = 24, 8
RATE = 5e-5
OURS: dict[str, Any] = {
    "optimizer": "adamw", "learning_rate": RATE, "adamw_learning_rate": RATE,
    "schedule": "wsd", "warmup_share": 0.0, "decay_share": 0.0, "epochs": STEPS,
    "context": CONTEXT, "batch_tokens": 64 * CONTEXT, "micro_batch_tokens": 64 * CONTEXT,
    "held_out_every": 10**9, "validations": 1, "compile": "off",
}  # fmt: skip
"""All rows in every step, at one rate."""
OF_PAIRS = THEIRS | {"learning_rate": RATE, "num_train_epochs": STEPS, "max_length": CONTEXT}

pytestmark = pytest.mark.filterwarnings("ignore")  # TRL's, of what transformers will drop


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return learner(tmp_path / "base", monkeypatch)


@pytest.fixture
def preferences(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "pairs.jsonl", pairs(PAIRS))


def as_pairs(preferences: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in preferences.read_text(encoding="utf-8").splitlines()]
    return [
        {
            "prompt": [{"role": "user", "content": row["prompt"]}],
            "chosen": [{"role": "assistant", "content": row["chosen"]}],
            "rejected": [{"role": "assistant", "content": row["rejected"]}],
        }
        for row in rows
    ]


def as_answers(preferences: Path) -> list[dict[str, Any]]:
    return [
        {"prompt": row["prompt"], "completion": row[side], "label": side == "chosen"}
        for row in as_pairs(preferences)
        for side in ("chosen", "rejected")
    ]


def curve_of(trainer: Any, name: str) -> tuple[list[float], list[float]]:
    """Loss and another number of every step."""
    trainer.train()
    steps = [row for row in trainer.state.log_history if "loss" in row]
    return [row["loss"] for row in steps], [row[name] for row in steps]


def dpo_trainer(base: Path, preferences: Path, out: Path, **settings: Any) -> Any:
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    config = DPOConfig(output_dir=str(out), per_device_train_batch_size=PAIRS, **OF_PAIRS, **settings)
    rows = Dataset.from_list(as_pairs(preferences))
    return DPOTrainer(model=str(base), args=config, train_dataset=rows, processing_class=tokenizer_of(base))


def kto_trainer(base: Path, preferences: Path, out: Path, **settings: Any) -> Any:
    from datasets import Dataset
    from trl import KTOConfig, KTOTrainer

    config = KTOConfig(output_dir=str(out), per_device_train_batch_size=2 * PAIRS, **OF_PAIRS, **settings)
    rows = Dataset.from_list(as_answers(preferences))
    return KTOTrainer(model=str(base), args=config, train_dataset=rows, processing_class=tokenizer_of(base))


def cpo_trainer(base: Path, preferences: Path, out: Path, **settings: Any) -> Any:
    from datasets import Dataset
    from transformers import AutoModelForCausalLM
    from trl.experimental.cpo import CPOConfig, CPOTrainer

    config = CPOConfig(output_dir=str(out), per_device_train_batch_size=PAIRS, **OF_PAIRS, **settings)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    rows = Dataset.from_list(as_pairs(preferences))
    return CPOTrainer(model=model, args=config, train_dataset=rows, processing_class=tokenizer_of(base))


def orpo_trainer(base: Path, preferences: Path, out: Path, **settings: Any) -> Any:
    from datasets import Dataset
    from transformers import AutoModelForCausalLM
    from trl.experimental.orpo import ORPOConfig, ORPOTrainer

    class OfAnswers(ORPOTrainer):  # type: ignore[misc]
        def concatenated_forward(self, model: Any, batch: Any) -> tuple[torch.Tensor, ...]:
            chosen, rejected, *logits, _ = super().concatenated_forward(model, batch)
            return chosen, rejected, *logits, -chosen.mean()

    config = ORPOConfig(output_dir=str(out), per_device_train_batch_size=PAIRS, **OF_PAIRS, **settings)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    rows = Dataset.from_list(as_pairs(preferences))
    return OfAnswers(model=model, args=config, train_dataset=rows, processing_class=tokenizer_of(base))


@pytest.mark.parametrize(
    ("settings", "make_trainer", "of_trl"),
    [
        ({"loss": "dpo", "beta": 0.3}, dpo_trainer, {"loss_type": "sigmoid", "beta": 0.3}),
        ({"loss": "ipo", "beta": 0.3}, dpo_trainer, {"loss_type": "ipo", "beta": 0.3}),
        (
            {"loss": "robust", "beta": 0.3, "flipped_share": 0.2},
            dpo_trainer,
            {"loss_type": "robust", "beta": 0.3, "label_smoothing": 0.2},
        ),
        ({"loss": "kto", "beta": 0.3}, kto_trainer, {"loss_type": "kto", "beta": 0.3}),
        ({"loss": "cpo", "beta": 0.3}, cpo_trainer, {"loss_type": "sigmoid", "beta": 0.3}),
        (
            {"loss": "simpo", "beta": 2.0, "gamma": 0.5},
            cpo_trainer,
            {"loss_type": "simpo", "beta": 2.0, "simpo_gamma": 0.5, "cpo_alpha": 0.0},
        ),
        ({"loss": "orpo", "beta": 0.3}, orpo_trainer, {"beta": 0.3}),
    ],
    ids=lambda value: value["loss"] if isinstance(value, dict) and "loss" in value else "",
)
def test_preferences(
    base: Path, preferences: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, Any], make_trainer: Callable[..., Any], of_trl: dict[str, Any],
) -> None:  # fmt: skip
    # Which other answers tell where KTO's model stands is drawn by lot; TRL takes the one before.
    monkeypatch.setattr("samovar.train.preferences._others", lambda every, seed: [every[-1], *every[:-1]])
    (tmp_path / "ours").mkdir()
    dpo(DpoSettings.model_validate(OURS | settings), base=base, out=tmp_path / "ours", preferences=[preferences])
    ours = read_metrics(tmp_path / "ours" / "metrics.jsonl")
    # TRL adds up IPO's rewards, and takes the mean in the loss; KTO's are of answers, which have no gap.
    has_gap = settings["loss"] not in ("ipo", "kto")
    theirs, gaps = curve_of(
        make_trainer(base, preferences, tmp_path / "trl", **of_trl), "rewards/margins" if has_gap else "loss"
    )
    assert len(ours) == STEPS
    assert [row["loss"] for row in ours] == pytest.approx(theirs, rel=1e-3, abs=1e-4)
    assert ours[-1]["loss"] < 0.9 * ours[0]["loss"]
    if has_gap:
        our_gaps = [row["chosen_reward"] - row["rejected_reward"] for row in ours]
        assert our_gaps == pytest.approx(gaps, rel=1e-2, abs=1e-3)


def test_a_reward_model(base: Path, preferences: Path, tmp_path: Path) -> None:
    from datasets import Dataset
    from transformers import AutoTokenizer
    from trl import RewardConfig, RewardTrainer

    settings = RewardSettings.model_validate(OURS | {"head_learning_rate": RATE, "centring": 0.01})
    start = tmp_path / "start"
    start.mkdir()
    reader = reward_module.reader_of(base, settings)
    model = reward_module._open(base, settings, reader, seed=settings.seed)
    reward_module._save(model, settings, start, base=base)
    (tmp_path / "ours").mkdir()
    reward(settings, base=base, out=tmp_path / "ours", preferences=[preferences])
    ours = read_metrics(tmp_path / "ours" / "metrics.jsonl")
    config = RewardConfig(
        output_dir=str(tmp_path / "trl"), per_device_train_batch_size=PAIRS, center_rewards_coefficient=0.01, **OF_PAIRS
    )
    rows = Dataset.from_list(as_pairs(preferences))
    tokenizer = AutoTokenizer.from_pretrained(base)  # both score at the line break behind an answer's end mark
    trainer = RewardTrainer(model=str(start), args=config, train_dataset=rows, processing_class=tokenizer)
    theirs, gaps = curve_of(trainer, "margin")
    assert [row["loss"] for row in ours] == pytest.approx(theirs, rel=1e-3, abs=1e-4)
    assert [row["score_gap"] for row in ours] == pytest.approx(gaps, rel=1e-2, abs=1e-3)
    assert ours[-1]["loss"] < 0.9 * ours[0]["loss"]


PROMPTS, ANSWERS, PENALTY = 4, 6, 0.05


@pytest.mark.parametrize(
    ("settings", "trainer", "of_trl"),
    [
        (
            {"average": "answers", "divides_by_deviation": True, "kl_weight": PENALTY},
            "GRPO",
            {"loss_type": "grpo", "scale_rewards": "group"},
        ),
        (
            {"average": "tokens", "epochs": 2, "kl_weight": PENALTY},
            "GRPO",
            {"loss_type": "dapo", "scale_rewards": "none", "num_iterations": 2},
        ),
        # TRL adds up the tokens of an answer, ours divides that by MOST: both bounds of gradients go with it.
        (
            {"algorithm": "rloo", "average": "length", "max_gradient_norm": 1.0 / MOST, "penalty": PENALTY},
            "RLOO",
            {"adam_epsilon": MOST * THEIRS["adam_epsilon"]},
        ),
    ],
    ids=["grpo", "dapo", "rloo"],
)
def test_a_policy_ends_in_the_same_weights(
    base: Path, tmp_path: Path, settings: dict[str, Any], trainer: str, of_trl: dict[str, Any]
) -> None:
    ours = GrpoSettings.model_validate(
        BY_REWARD | {"prompts": PROMPTS, "answers": ANSWERS, "clip_low": 0.2, "clip_high": 0.28} | settings
    )
    played = learn_by_reward(ours, base, tmp_path / "ours")
    theirs = policy_trainer(trainer, base, played, tmp_path / "trl", max_steps=ITERATIONS * ours.epochs, **of_trl)
    theirs.train()
    theirs.save_model(str(tmp_path / "theirs"))
    check_same_way(base, tmp_path / "ours", tmp_path / "theirs")


def policy_trainer(name: str, base: Path, played: Sequence[Rollout], out: Path, **settings: Any) -> Any:
    """GRPOTrainer or RLOOTrainer with the answers in ``played``."""
    import trl
    from datasets import Dataset

    trainer, answers = getattr(trl, f"{name}Trainer"), iter(played)

    class Replayed(trainer):  # type: ignore[misc, valid-type]
        def _generate_single_turn(self, prompt_ids: list[list[int]], *_: Any) -> Any:
            again = [one.rounds[0] for one in islice(answers, len(prompt_ids))]
            assert [one.prompt_ids for one in again] == prompt_ids
            ids = [one.ids for one in again]
            return ids if name == "RLOO" else (ids, None)

    # By their tokens: the text has marks as well, which TRL leaves out.
    worth = {tuple(one.rounds[0].ids): one.reward for one in played}

    def rewarding(completion_ids: list[list[int]], **_: Any) -> list[float]:
        return [worth[tuple(ids)] for ids in completion_ids]

    config = getattr(trl, f"{name}Config")(
        output_dir=str(out), per_device_train_batch_size=PROMPTS * ANSWERS, num_generations=ANSWERS,
        max_completion_length=MOST, shuffle_dataset=False, beta=PENALTY, epsilon=0.2, epsilon_high=0.28,
        learning_rate=REWARD_RATE, **(THEIRS | settings),
    )  # fmt: skip
    prompts = [played[first].example.prompt for first in range(0, len(played), ANSWERS)]
    asked = [{"prompt": [one.model_dump(include={"role", "content"}) for one in prompt]} for prompt in prompts]
    return Replayed(
        model=str(base), reward_funcs=rewarding, args=config, train_dataset=Dataset.from_list(asked),
        processing_class=tokenizer_of(base),
    )  # fmt: skip
