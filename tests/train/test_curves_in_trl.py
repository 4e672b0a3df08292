"""A whole training takes TRL's course: the same weights, rows and rates give the same curve.

By reward, both learn from the answers that ours drew. Not compared: ORPO, whose trainer there learns the prompt too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch

from samovar.agent.habits import Habits
from samovar.model.checkpoint import load_model
from samovar.train import reward as reward_module
from samovar.train.dpo import dpo
from samovar.train.journal import read_metrics
from samovar.train.preference_settings import DpoSettings, RewardSettings
from samovar.train.reward import reward
from samovar.train.rl.reinforce import reinforce
from samovar.train.rl.rollouts import Rollout
from samovar.train.rl.settings import GrpoSettings
from tests.train.rl_tasks import WordFor
from tests.train.tiny_preferences import pairs, tiny_model, write_rows

STEPS, PAIRS, CONTEXT = 24, 8, 128
RATE = 5e-5
OURS: dict[str, Any] = {
    "optimizer": "adamw", "learning_rate": RATE, "adamw_learning_rate": RATE,
    "schedule": "wsd", "warmup_share": 0.0, "decay_share": 0.0, "epochs": STEPS,
    "context": CONTEXT, "batch_tokens": 64 * CONTEXT, "micro_batch_tokens": 64 * CONTEXT,
    "held_out_every": 10**9, "validations": 1, "compile": "off",
}  # fmt: skip
"""All rows in every step, at one rate."""
THEIRS: dict[str, Any] = {
    "learning_rate": RATE, "lr_scheduler_type": "constant", "adam_beta2": 0.95, "adam_epsilon": 1e-10,
    "max_grad_norm": 1.0, "num_train_epochs": STEPS, "max_length": CONTEXT, "logging_steps": 1,
    "save_strategy": "no", "report_to": [], "bf16": False, "use_cpu": True, "disable_tqdm": True,
}  # fmt: skip

pytestmark = pytest.mark.filterwarnings("ignore")  # TRL's, of what transformers will drop


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny model, which learns in float32."""
    pytest.importorskip("trl", reason="part of the extra 'bench'")
    monkeypatch.setenv("TRL_EXPERIMENTAL_SILENCE", "1")
    for module in ("dpo", "loop", "reward", "trainable", "rl.reinforce"):
        monkeypatch.setattr(f"samovar.train.{module}.training_dtype", lambda device: torch.float32)
    return tiny_model(tmp_path / "base", is_tied=False)


@pytest.fixture
def preferences(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "pairs.jsonl", pairs(PAIRS))


def tokenizer_of(base: Path) -> Any:
    """Without the line break behind an answer's end mark, which TRL counts as well and no engine draws."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    ends = "{%- endfor -%}\n        {{- '<|im_end|>\\n' -}}"
    assert ends in tokenizer.chat_template
    tokenizer.chat_template = tokenizer.chat_template.replace(ends, ends.replace("\\n", ""))
    return tokenizer


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

    config = DPOConfig(output_dir=str(out), per_device_train_batch_size=PAIRS, **THEIRS, **settings)
    rows = Dataset.from_list(as_pairs(preferences))
    return DPOTrainer(model=str(base), args=config, train_dataset=rows, processing_class=tokenizer_of(base))


def kto_trainer(base: Path, preferences: Path, out: Path, **settings: Any) -> Any:
    from datasets import Dataset
    from trl import KTOConfig, KTOTrainer

    config = KTOConfig(output_dir=str(out), per_device_train_batch_size=2 * PAIRS, **THEIRS, **settings)
    rows = Dataset.from_list(as_answers(preferences))
    return KTOTrainer(model=str(base), args=config, train_dataset=rows, processing_class=tokenizer_of(base))


def cpo_trainer(base: Path, preferences: Path, out: Path, **settings: Any) -> Any:
    from datasets import Dataset
    from transformers import AutoModelForCausalLM
    from trl.experimental.cpo import CPOConfig, CPOTrainer

    config = CPOConfig(output_dir=str(out), per_device_train_batch_size=PAIRS, **THEIRS, **settings)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    rows = Dataset.from_list(as_pairs(preferences))
    return CPOTrainer(model=model, args=config, train_dataset=rows, processing_class=tokenizer_of(base))


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
        output_dir=str(tmp_path / "trl"), per_device_train_batch_size=PAIRS, center_rewards_coefficient=0.01, **THEIRS
    )
    rows = Dataset.from_list(as_pairs(preferences))
    tokenizer = AutoTokenizer.from_pretrained(base)  # both score at the line break behind an answer's end mark
    trainer = RewardTrainer(model=str(start), args=config, train_dataset=rows, processing_class=tokenizer)
    theirs, gaps = curve_of(trainer, "margin")
    assert [row["loss"] for row in ours] == pytest.approx(theirs, rel=1e-3, abs=1e-4)
    assert [row["score_gap"] for row in ours] == pytest.approx(gaps, rel=1e-2, abs=1e-3)
    assert ours[-1]["loss"] < 0.9 * ours[0]["loss"]


ITERATIONS, PROMPTS, ANSWERS, MOST = 10, 4, 6, 8


def vowels(text: str) -> float:
    return sum(letter in "aeiou" for letter in text) / max(1, len(text))


@pytest.mark.parametrize(
    ("settings", "of_trl"),
    [
        (
            {"average": "answers", "divides_by_deviation": True},
            {"loss_type": "grpo", "scale_rewards": "group"},
        ),
        (
            {"average": "tokens", "epochs": 2},
            {"loss_type": "dapo", "scale_rewards": "none", "num_iterations": 2},
        ),
    ],
    ids=["grpo", "dapo"],
)  # fmt: skip
def test_a_policy_ends_in_the_same_weights(
    base: Path, tmp_path: Path, settings: dict[str, Any], of_trl: dict[str, Any]
) -> None:
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    played: list[Rollout] = []

    def rewarding(rollouts: Sequence[Rollout]) -> list[float]:
        played.extend(rollouts)
        return [vowels(one.completion[-1].content) for one in rollouts]

    def rewarding_there(completion_ids: list[list[int]], **_: Any) -> list[float]:
        """The same, also where the text has marks, which TRL leaves out."""
        worth = {tuple(one.rounds[0].ids): vowels(one.completion[-1].content) for one in played}
        return [worth[tuple(ids)] for ids in completion_ids]

    rate = 2e-4
    (tmp_path / "ours").mkdir()
    reinforce(
        GrpoSettings.model_validate({
            "iterations": ITERATIONS, "prompts": PROMPTS, "answers": ANSWERS, "max_tokens": MOST, "draws": 1,
            "hardest": 0.0, "easiest": 1.0, "context": CONTEXT, "micro_batch_tokens": 64 * CONTEXT, "held_out": 1,
            "learning_rate": rate, "adamw_learning_rate": rate, "warmup_share": 0.0, "decay_share": 0.0,
            "importance_cap": None, "kl_weight": 0.05, "clip_low": 0.2, "clip_high": 0.28, "validations": 1,
            "compile": "off",
        } | settings),
        base=base, out=tmp_path / "ours", tasks={"word_for": WordFor()}, shares={}, habits=Habits(tools=()),
        rewarding=rewarding, is_quiet=True,
    )  # fmt: skip

    answers = iter(played)

    class Replayed(GRPOTrainer):  # type: ignore[misc]
        def _generate_single_turn(self, prompt_ids: list[list[int]], *_: Any) -> tuple[list[list[int]], None]:
            again = [one.rounds[0] for one in islice(answers, len(prompt_ids))]
            assert [one.prompt_ids for one in again] == prompt_ids
            return [one.ids for one in again], None

    config = GRPOConfig(
        output_dir=str(tmp_path / "trl"), per_device_train_batch_size=PROMPTS * ANSWERS, num_generations=ANSWERS,
        max_completion_length=MOST, shuffle_dataset=False, beta=0.05, epsilon=0.2, epsilon_high=0.28,
        **{name: value for name, value in THEIRS.items() if name != "max_length"} | {
            "learning_rate": rate, "num_train_epochs": 1, "max_steps": ITERATIONS * settings.get("epochs", 1),
        } | of_trl,
    )  # fmt: skip
    prompts = [played[first].example.prompt for first in range(0, len(played), ANSWERS)]
    asked = [{"prompt": [one.model_dump(include={"role", "content"}) for one in prompt]} for prompt in prompts]
    trainer = Replayed(
        model=str(base),
        reward_funcs=rewarding_there,
        args=config,
        train_dataset=Dataset.from_list(asked),
        processing_class=tokenizer_of(base),
    )
    trainer.train()
    trainer.save_model(str(tmp_path / "theirs"))
    begun, learnt, learnt_there = (
        load_model(folder, dtype=torch.float32).state_dict()
        for folder in (base, tmp_path / "ours", tmp_path / "theirs")
    )
    for name, start in begun.items():
        way, apart = (learnt[name] - start).norm(), (learnt[name] - learnt_there[name]).norm()
        assert way > 0
        assert apart <= 1e-3 * way
