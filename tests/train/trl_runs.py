"""What trainings that run in TRL beside ours have in common: weights, settings, and the answers that ours drew."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from samovar.agent.habits import Habits
from samovar.model.checkpoint import load_model
from samovar.train.rl.reinforce import reinforce
from samovar.train.rl.rollouts import Rollout
from samovar.train.rl.settings import GrpoSettings, PpoSettings
from tests.train.rl_tasks import WordFor
from tests.train.tiny_preferences import tiny_model

CONTEXT = 128
THEIRS: dict[str, Any] = {
    "lr_scheduler_type": "constant", "adam_beta2": 0.95, "adam_epsilon": 1e-10, "max_grad_norm": 1.0,
    "logging_steps": 1, "save_strategy": "no", "report_to": [], "bf16": False, "use_cpu": True, "disable_tqdm": True,
}  # fmt: skip
"""AdamW's constants are ours."""
ITERATIONS, MOST, REWARD_RATE = 10, 8, 2e-4
"""Of learning by reward; MOST is of an answer's tokens."""
BY_REWARD: dict[str, Any] = {
    "iterations": ITERATIONS, "max_tokens": MOST, "draws": 1, "hardest": 0.0, "easiest": 1.0, "context": CONTEXT,
    "micro_batch_tokens": 64 * CONTEXT, "held_out": 1, "learning_rate": REWARD_RATE, "adamw_learning_rate": REWARD_RATE,
    "warmup_share": 0.0, "decay_share": 0.0, "importance_cap": None, "validations": 1, "compile": "off",
}  # fmt: skip


def learner(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny model, which learns in float32."""
    for module in ("computing", "dpo", "reward", "trainable"):
        monkeypatch.setattr(f"samovar.train.{module}.training_dtype", lambda device: torch.float32)
    return tiny_model(folder, is_tied=False)


def tokenizer_of(base: Path) -> Any:
    """Without the line break behind an answer's end mark, which TRL counts as well and no engine draws."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    ends = "{%- endfor -%}\n        {{- '<|im_end|>\\n' -}}"
    assert ends in tokenizer.chat_template
    tokenizer.chat_template = tokenizer.chat_template.replace(ends, ends.replace("\\n", ""))
    return tokenizer


def learn_by_reward(settings: GrpoSettings | PpoSettings, base: Path, out: Path) -> list[Rollout]:
    """Train ours on the share of vowels; gives all answers with their shares, in the order of drawing."""
    played: list[Rollout] = []

    def rewarding(rollouts: Sequence[Rollout]) -> list[float]:
        shares = [vowels(one.completion[-1].content) for one in rollouts]
        played.extend(one._replace(reward=share) for one, share in zip(rollouts, shares, strict=True))
        return shares

    out.mkdir()
    reinforce(
        settings, base=base, out=out, tasks={"word_for": WordFor()}, shares={}, habits=Habits(tools=()),
        rewarding=rewarding, is_quiet=True,
    )  # fmt: skip
    return played


def vowels(text: str) -> float:
    return sum(letter in "aeiou" for letter in text) / max(1, len(text))


def check_same_way(base: Path, ours: Path, theirs: Path) -> None:
    """Every tensor of weights has gone the same way from ``base``, to one part in a thousand."""
    begun, learnt, learnt_there = (
        load_model(folder, dtype=torch.float32).state_dict() for folder in (base, ours, theirs)
    )
    for name, start in begun.items():
        way, apart = (learnt[name] - start).norm(), (learnt[name] - learnt_there[name]).norm()
        assert way > 0
        assert apart <= 1e-3 * way
