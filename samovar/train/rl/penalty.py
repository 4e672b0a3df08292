"""What leaving the assistant as it was costs: a weight that may follow a target."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

HORIZON = 10_000
"""Answers over which the weight grows by a fifth at most, times e (Ziegler et al. 2019)."""
_FASTEST = 0.2


class Penalty:
    """The weight of the divergence in the reward (Ziegler et al. 2019, arXiv:1909.08593, section 2.2)."""

    def __init__(self, value: float) -> None:
        self.value = value

    def move(self, kl: float, target: float, answers: int) -> None:
        """After so many answers that diverged by ``kl`` nats each: up where that is more than the target."""
        error = max(-_FASTEST, min(_FASTEST, kl / target - 1))
        self.value *= 1 + error * answers / HORIZON

    def state_tensors(self) -> dict[str, Tensor]:
        """For a checkpoint."""
        return {"value": torch.tensor([self.value], dtype=torch.float64)}

    def load_state_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Take what ``state_tensors`` gave."""
        self.value = float(tensors["value"])
