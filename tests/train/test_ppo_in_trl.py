"""PPO takes the course of TRL's last PPOTrainer, of 1.9, which learns from the answers that ours drew.

Two lines of it are set to ours, as the code of Ziegler et al. 2019 has both (openai/lm-human-preferences). Where an
answer ends early, TRL gives the reward one place behind its last token and learns a value there: here the last token
has it, as nothing is to be expected once an answer has ended. And advantages are whitened by the deviation of the
tokens that there are, not by that of a sample.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from samovar.train.journal import read_metrics
from samovar.train.rl.rollouts import Rollout
from samovar.train.rl.settings import PpoSettings
from tests.train.trl_runs import (
    BY_REWARD,
    ITERATIONS,
    MOST,
    REWARD_RATE,
    THEIRS,
    check_same_way,
    learn_by_reward,
    learner,
    tokenizer_of,
)

PROMPTS, EPOCHS, VALUE_WEIGHT = 24, 2, 0.5
HEAD_RATE = 50 * REWARD_RATE
"""Fast enough that values are clipped in the first iterations."""

pytestmark = pytest.mark.filterwarnings("ignore")  # TRL's, of what transformers will drop


class Values(nn.Module):
    """Reads values from the policy's own hidden states, as ours does; expects nothing yet."""

    base_model_prefix = "body"

    def __init__(self, policy: Any) -> None:
        super().__init__()
        self.body = policy.model
        self.score = nn.Linear(policy.config.hidden_size, 1)
        nn.init.zeros_(self.score.weight)
        nn.init.zeros_(self.score.bias)


def padded(rows: Sequence[Sequence[int]], pad_id: int, side: str) -> Tensor:
    tensors = [torch.tensor(row) for row in rows]
    return nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=pad_id, padding_side=side)


def train_again(there: ModuleType, played: Sequence[Rollout], values: Values, pad_id: int) -> Any:
    """``PPOTrainer.train`` with the answers in ``played`` and their rewards."""
    worth = {tuple(one.rounds[0].ids): one.reward for one in played}
    answers = iter([one.rounds[0].ids for one in played])

    def generate(policy: Any, prompts: Tensor, *_: Any) -> tuple[Tensor, Tensor]:
        whole = torch.cat((prompts, padded([next(answers) for _ in prompts], pad_id, "right")), 1)
        return whole, there.forward(policy, whole, pad_id).logits[:, prompts.shape[1] - 1 : -1]

    def reward(model: Any, whole: Tensor, pad_id: int, start: int) -> Any:
        if model is values:
            return there.get_reward(model, whole, pad_id, start)
        said = [tuple(number for number in row if number != pad_id) for row in whole[:, start:].tolist()]
        return None, torch.tensor([worth[ids] for ids in said]), None

    source = inspect.getsource(there.PPOTrainer.train)
    behind = "sequence_lengths_p1 = sequence_lengths + 1"
    assert source.count(behind) == 1
    names = vars(there) | {
        "batch_generation": generate,
        "get_reward": reward,
        "masked_whiten": lambda values, mask: (values - values[mask].mean()) / values[mask].std(correction=0),
        # Padding is no token that could be drawn, and none whose probability could be read.
        "selective_log_softmax": lambda logits, ids: there.selective_log_softmax(logits, ids * (ids != pad_id)),
    }
    exec(textwrap.dedent(source.replace(behind, behind.removesuffix(" + 1"))), names)
    return names["train"]


def ppo_trainer(there: ModuleType, base: Path, played: Sequence[Rollout], out: Path) -> Any:
    from datasets import Dataset
    from transformers import AutoModelForCausalLM
    from trl.experimental.ppo import PPOConfig

    tokenizer = tokenizer_of(base)
    tokenizer.add_special_tokens({"pad_token": "<|padding|>"})
    policy, reference = (AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32) for _ in range(2))
    values = Values(policy)
    optimizer = torch.optim.AdamW(
        [{"params": policy.parameters()}, {"params": values.score.parameters(), "lr": HEAD_RATE}],
        lr=REWARD_RATE, betas=(0.9, 0.95), eps=1e-10, weight_decay=0.0,
    )  # fmt: skip
    config = PPOConfig(
        output_dir=str(out), num_ppo_epochs=EPOCHS, num_mini_batches=1, per_device_train_batch_size=PROMPTS,
        gradient_accumulation_steps=1, total_episodes=PROMPTS * ITERATIONS, response_length=MOST, temperature=1.0,
        stop_token="eos", num_sample_generations=0, kl_coef=0.05, gamma=0.98, lam=0.9, cliprange=0.2,
        vf_coef=VALUE_WEIGHT, cliprange_value=0.05, **THEIRS,
    )  # fmt: skip
    prompts = [one.rounds[0].prompt_ids for one in played]
    rows = Dataset.from_dict({"input_ids": prompts})
    trainer = there.PPOTrainer(
        args=config, processing_class=tokenizer, model=policy, ref_model=reference, reward_model=nn.Identity(),
        value_model=values, train_dataset=rows, eval_dataset=rows,
        optimizers=(optimizer, torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)),
    )  # fmt: skip
    pad_id = tokenizer.pad_token_id
    trainer.dataloader = [
        {"input_ids": padded(prompts[first : first + PROMPTS], pad_id, "left")}
        for first in range(0, len(prompts), PROMPTS)
    ]
    trainer.train = train_again(there, played, values, pad_id).__get__(trainer)
    return trainer


def test_ppo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = pytest.importorskip("trl.experimental.ppo.ppo_trainer", reason="TRL has it up to 1.9")
    base = learner(tmp_path / "base", monkeypatch)
    settings = PpoSettings.model_validate(BY_REWARD | {
        "prompts": PROMPTS, "answers": 1, "epochs": EPOCHS, "minibatches": 1, "penalty": 0.05, "discount": 0.98,
        "trace": 0.9, "value_weight": VALUE_WEIGHT, "value_clip": 0.05,
        "max_gradient_norm": 1e9, "rate_factors": {"value_head.*": HEAD_RATE / REWARD_RATE},
    })  # fmt: skip
    played = learn_by_reward(settings, base, tmp_path / "ours")
    assert 0 < sum(one.is_cut for one in played) < len(played)
    trainer = ppo_trainer(there, base, played, tmp_path / "trl")
    trainer.train()
    trainer.save_model(str(tmp_path / "theirs"))
    ours = [row for row in read_metrics(tmp_path / "ours" / "metrics.jsonl") if "loss" in row]
    theirs = [row for row in trainer.state.log_history if "loss/policy_avg" in row]
    losses = [row["loss/policy_avg"] + VALUE_WEIGHT * row["loss/value_avg"] for row in theirs]
    assert [row["loss"] for row in ours] == pytest.approx(losses, rel=1e-3)
    assert [row["clipped_share"] for row in ours] == pytest.approx([row["policy/clipfrac_avg"] for row in theirs])
    # Ours tells the error of values as they are, without the clipping of the loss.
    free = [number for number, row in enumerate(theirs) if row["val/clipfrac_avg"] == 0]
    assert 0 < len(free) < ITERATIONS
    errors = [0.5 * ours[number]["value_error"] for number in free]
    assert errors == pytest.approx([theirs[number]["loss/value_avg"] for number in free], rel=1e-3)
    check_same_way(base, tmp_path / "ours", tmp_path / "theirs")
