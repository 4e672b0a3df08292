"""Losses of policy optimisation are TRL's on the same inputs, where TRL has them."""

from __future__ import annotations

import importlib
import inspect
import textwrap
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
import torch
from torch import Tensor

from samovar.train.answers import Answers
from samovar.train.batches import IGNORED, Batch
from samovar.train.objectives import ppo as ppo_module
from samovar.train.objectives.contract import measured
from samovar.train.objectives.grpo import Grpo
from samovar.train.objectives.policy import Policy
from samovar.train.objectives.ppo import Ppo
from samovar.train.objectives.rloo import Rloo
from samovar.train.rl.mismatch import Mismatch
from samovar.train.rl.terms import Played, Terms

LENGTHS = torch.tensor([3, 7, 1, 5, 4, 6])
LONGEST = 7
MASK = torch.arange(LONGEST) < LENGTHS.unsqueeze(1)
AVERAGES = {"grpo": "answers", "bnpo": "tokens", "dapo": "tokens", "dr_grpo": "length"}
"""TRL's name of a loss -> what ours takes the mean over."""
SURROGATE: dict[str, Any] = {"clip_low": 0.2, "clip_high": 0.3, "kl_weight": 0.0, "importance": "token"}


def random(*shape: int, seed: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def answers(lengths: Tensor) -> Answers:
    owner = torch.repeat_interleave(torch.arange(len(lengths)), lengths)
    zeros, nothing = torch.zeros(len(lengths)), torch.zeros_like(owner)
    return Answers(nothing, nothing, owner, torch.zeros(len(lengths), dtype=torch.int64), zeros, zeros, zeros)


def loss_of(policy: Policy, new_N: Tensor, terms: Terms, lengths: Tensor = LENGTHS) -> Tensor:
    """Ours, of log-probabilities as they are: no model is asked."""
    tokens = torch.zeros(1, 1, dtype=torch.int64)
    batch = Batch(tokens, torch.full_like(tokens, IGNORED), tokens, answers=answers(lengths), terms=terms)
    found = measured(policy.loss_sum(MagicMock(), batch, torch.zeros(1, 1, 1), new_N))
    return found.loss / policy.weight(batch)


def trl_grpo(new: Tensor, inputs: dict[str, Tensor], **settings: Any) -> Tensor:
    """``GRPOTrainer``'s loss of these log-probabilities, which stand in rows."""
    trainer = importlib.import_module("trl.trainer.grpo_trainer")
    fake = MagicMock(
        loss_type="grpo", importance_sampling_level="token", beta=0.0, epsilon_low=0.2, epsilon_high=0.3,
        top_entropy_quantile=1.0, off_policy_mask_threshold=None, max_completion_length=LONGEST, use_vllm=False,
        aux_loss_enabled=False, current_gradient_accumulation_steps=1, _entropy_bonus_enabled=False,
    )  # fmt: skip
    fake.args = SimpleNamespace(delta=None, use_bias_correction_kl=True, steps_per_generation=1)
    fake.configure_mock(**settings)
    fake.accelerator = SimpleNamespace(
        gather=lambda value: value, reduce=lambda value, reduction: value, num_processes=1
    )
    fake._get_per_token_logps_and_entropies.return_value = (new, torch.zeros_like(new), None)
    whole = {
        "prompt_ids": torch.zeros(6, 2, dtype=torch.long), "prompt_mask": torch.ones(6, 2, dtype=torch.long),
        "completion_ids": torch.zeros(6, LONGEST, dtype=torch.long), "completion_mask": MASK.long(),
        "num_items_in_batch": LENGTHS.sum(), **inputs,
    }  # fmt: skip
    loss: Tensor = trainer.GRPOTrainer._compute_loss(fake, MagicMock(), whole)
    return loss


def some_answers() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Rows of new, old and reference log-probabilities, and an advantage a row; many ratios are far from one."""
    old = -3.0 * random(6, LONGEST, seed=1)
    new, reference = (old + 0.8 * (random(6, LONGEST, seed=seed) - 0.5) for seed in (2, 3))
    return new.requires_grad_(True), old, reference, random(6, seed=4) - 0.5


# TRL weighs the divergence of a token by the ratio of the whole answer, where that is what the rest goes by.
@pytest.mark.parametrize(("importance", "kl_weight"), [("token", 0.0), ("token", 0.4), ("answer", 0.0)])
@pytest.mark.parametrize("loss_type", AVERAGES)
def test_the_surrogate_and_its_gradient(loss_type: str, kl_weight: float, importance: str) -> None:
    new, old, reference, advantage = some_answers()
    theirs = trl_grpo(
        new, {"advantages": advantage, "old_per_token_logps": old, "ref_per_token_logps": reference},
        loss_type=loss_type, beta=kl_weight, importance_sampling_level="token" if importance == "token" else "sequence",
    )  # fmt: skip
    their_gradient = torch.autograd.grad(theirs, new)[0]
    settings = SURROGATE | {"kl_weight": kl_weight, "average": AVERAGES[loss_type], "importance": importance}
    policy = Grpo(**settings, longest=LONGEST, divides_by_deviation=False)
    nothing = torch.zeros(int(LENGTHS.sum()))
    of_tokens = advantage.unsqueeze(1).expand_as(old)[MASK]
    ours = loss_of(policy, new[MASK], Terms(old[MASK], reference[MASK], of_tokens, nothing, nothing))
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(torch.autograd.grad(ours, new)[0], their_gradient)


def test_what_another_engine_drew_counts_by_its_truncated_importance() -> None:
    new, old, _, advantage = some_answers()
    drawn = old + 2.0 * (random(6, LONGEST, seed=5) - 0.5)
    theirs = trl_grpo(
        new,
        {"advantages": advantage, "old_per_token_logps": old,
         "importance_sampling_ratio": (old - drawn).exp().clamp(max=2.0)},
        use_vllm=True, vllm_importance_sampling_correction=True, loss_type="dapo",
    )  # fmt: skip
    mismatch = Mismatch(2.0)
    weight = mismatch.weigh(old[MASK], drawn[MASK])
    nothing = torch.zeros_like(weight)
    terms = Terms(old[MASK], None, advantage.unsqueeze(1).expand_as(old)[MASK] * weight, nothing, nothing)
    ours = loss_of(Grpo(**SURROGATE, average="tokens", longest=LONGEST, divides_by_deviation=False), new[MASK], terms)
    torch.testing.assert_close(ours, theirs)
    gap = (old - drawn)[MASK]
    assert mismatch.numbers() == pytest.approx({
        "mismatch": float(gap.abs().mean()), "mismatch_max": float(gap.abs().max()),
        "mismatch_kl": float((gap.exp() - 1 - gap).mean()), "capped_share": float((gap.exp() > 2).float().mean()),
    })  # fmt: skip


@pytest.mark.parametrize("name", ["grpo", "deviation", "rloo"])
def test_advantages_of_groups(name: str) -> None:
    """TRL has them inside of its generation: what is compared with are its lines."""
    reward = torch.tensor([1.0, 0.0, 0.5, 0.2, 0.2, 0.9])
    played = Played(
        torch.arange(6), torch.tensor([0, 0, 0, 1, 1, 1]), reward, torch.zeros(6), torch.zeros(6), torch.zeros(6)
    )
    plain = SURROGATE | {"average": "tokens", "longest": LONGEST}
    policy = Rloo(**plain) if name == "rloo" else Grpo(**plain, divides_by_deviation=name == "deviation")
    ours, _ = policy.advantages(played)
    module, trainer, first = "grpo_trainer", "GRPOTrainer", "mean_grouped_rewards = "
    if name == "rloo":
        module, trainer, first = "rloo_trainer", "RLOOTrainer", "grouped_rewards = rewards"
    found = importlib.import_module(f"trl.trainer.{module}")
    lines = inspect.getsource(getattr(found, trainer)._generate_and_score_completions)
    fake = SimpleNamespace(scale_rewards="group" if name == "deviation" else "none", normalize_advantages=False)
    seen = run_lines(found, lines, first, "is_std_zero = ", {"self": fake, "rewards": reward, "num_generations": 3})
    torch.testing.assert_close(ours, seen["advantages"].flatten())


def run_lines(module: Any, source: str, first: str, last: str, known: dict[str, Any]) -> dict[str, Any]:
    """Run the lines of a function from the one that begins with ``first`` up to that which begins with ``last``."""
    lines = source.splitlines()
    start = next(place for place, line in enumerate(lines) if line.strip().startswith(first))
    end = next(place for place, line in enumerate(lines) if place > start and line.strip().startswith(last))
    names = dict(vars(module)) | known
    exec(textwrap.dedent("\n".join(lines[start:end])), names)
    return names


def test_ppo_to_its_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """Advantages, returns, and the losses of policy and value head, on answers of one length: where answers end early,
    TRL's loss of values counts a place behind the last token, and its reward stands there."""
    found = pytest.importorskip("trl.experimental.ppo.ppo_trainer", reason="TRL has it up to 1.9")
    lines = inspect.getsource(found.PPOTrainer.train)
    shape = (4, 6)
    old, values = -2.0 * random(*shape, seed=1), random(*shape, seed=2)
    reference, new = (old + 0.9 * (random(*shape, seed=seed) - 0.5) for seed in (3, 4))
    value_now, score = values + random(*shape, seed=5) - 0.5, random(4, seed=6)
    is_padding, everything = torch.zeros(shape, dtype=torch.bool), torch.arange(4)
    args = SimpleNamespace(
        gamma=0.95, lam=0.9, cliprange=0.2, cliprange_value=0.2, vf_coef=0.3, kl_coef=0.1, kl_estimator="k1"
    )
    known = {
        "args": args, "values": values, "responses": torch.zeros(shape), "padding_mask": is_padding,
        "padding_mask_p1": is_padding, "logprobs": old, "ref_logprobs": reference, "scores": score,
        "sequence_lengths": torch.full((4,), 5), "sequence_lengths_p1": torch.full((4,), 6),
    }  # fmt: skip
    seen = run_lines(found, lines, "logr = ", "# 5. whiten", known)
    seen = run_lines(found, lines, "lastgaelam = 0", "empty_cache()", known | {"rewards": seen["rewards"]})
    theirs = run_lines(found, lines, "vpredclipped = ", "accelerator.backward", known | {
        "vpred": value_now, "mb_values": values, "mb_return": seen["returns"], "micro_batch_inds": everything,
        "new_logprobs": new, "mb_logprobs": old, "mb_advantage": seen["advantages"],
    })  # fmt: skip
    ppo = Ppo(
        **SURROGATE | {"clip_high": 0.2}, average="tokens", longest=6, penalty=0.1, discount=0.95, trace=0.9,
        value_weight=0.3, value_clip=0.2,
    )  # fmt: skip
    owner = torch.arange(4).repeat_interleave(6)
    advantage, returns = ppo.advantages(
        Played(owner, torch.arange(4), score, old.flatten(), reference.flatten(), values.flatten())
    )
    torch.testing.assert_close(returns, seen["returns"].flatten())
    # They divide by the sample's deviation, we by that of what is there: of 24 tokens a hundredth more or less.
    torch.testing.assert_close(advantage * (23 / 24) ** 0.5, seen["advantages"].flatten(), rtol=1e-5, atol=1e-6)
    monkeypatch.setattr(ppo_module, "values", lambda *_: value_now.flatten())
    terms = Terms(old.flatten(), None, seen["advantages"].flatten(), values.flatten(), returns)
    ours = loss_of(ppo, new.flatten(), terms, torch.full((4,), 6))
    torch.testing.assert_close(ours, theirs["loss"])
