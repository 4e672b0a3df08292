"""Losses of what reads a number from hidden states, by hand and against differences: rewards of steps, PPO's values."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from samovar.train.objectives import process_reward
from samovar.train.objectives.ppo import Ppo


def test_rewards_of_steps() -> None:
    score = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64, requires_grad=True)
    is_right = torch.tensor([True, True, False])

    def losses(score_A: Tensor) -> Tensor:
        return process_reward.losses(score_A, is_right)

    by_hand = [math.log1p(math.exp(-0.5)), math.log1p(math.exp(1.0)), math.log1p(math.exp(2.0))]
    assert losses(score).tolist() == pytest.approx(by_hand)
    assert torch.autograd.gradcheck(losses, (score,))


def test_values_that_moved_too_far_count_as_if_they_had_not() -> None:
    ppo = Ppo(
        clip_low=0.2, clip_high=0.2, kl_weight=0.0, average="tokens", importance="token", longest=8, penalty=0.0,
        discount=1.0, trace=0.95, value_weight=0.1, value_clip=0.2,
    )  # fmt: skip
    expected = torch.zeros(4, dtype=torch.float64)
    # All are to come to 1: one has not moved far, two have gone beyond the 0.2 that they may, one the wrong way.
    value = torch.tensor([0.1, 0.5, 1.9, -0.5], dtype=torch.float64, requires_grad=True)

    def errors(value_N: Tensor) -> Tensor:
        return ppo.value_errors(value_N, expected, torch.ones_like(value_N))

    assert errors(value).tolist() == pytest.approx([0.9**2, 0.8**2, 0.9**2, 1.5**2])
    assert torch.autograd.gradcheck(errors, (value,))
    errors(value).sum().backward()
    assert value.grad is not None
    assert value.grad.tolist() == pytest.approx([-1.8, 0.0, 1.8, -3.0]), "who is near enough pulls no further"
