"""Proximal policy optimisation with a value head and generalised advantages.

Sources: Schulman et al. 2017, arXiv:1707.06347; advantages: Schulman et al. 2016, arXiv:1506.02438, equation 16; reward
less a penalty on every token for leaving the reference: Ziegler et al. 2019, arXiv:1909.08593, section 2; the clipped
value loss and whitened advantages: Huang et al. 2022, iclr-blog-track.github.io (37 implementation details).

Axes: N tokens of answers, A answers, B rows, T tokens, D model width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from samovar.model.decoder import Decoder
from samovar.train.batches import Batch
from samovar.train.objectives.contract import Measured, measured
from samovar.train.objectives.policy import Policy
from samovar.train.rl.settings import PpoSettings
from samovar.train.rl.terms import Played
from samovar.train.rl.value import values

_LEAST_DEVIATION = 1e-8


@dataclass(frozen=True, slots=True)
class Ppo(Policy):
    """Advantages token by token, from what a value head expected."""

    has_value: ClassVar[bool] = True

    penalty: float
    """Reward that a token costs for each nat by which it is likelier than under the reference."""
    discount: float
    trace: float
    """Lambda of the generalised advantages: 1 trusts what came, 0 what was expected."""
    value_weight: float
    value_clip: float
    """How far a value may move in one iteration before its error no longer counts."""

    @property
    def looks_first(self) -> bool:
        """The reward has the divergence in it, and values are expected."""
        return True

    def advantages(self, played: Played) -> tuple[Tensor, Tensor]:
        """Generalised, whitened over all tokens; and the returns, which are not."""
        reward_N = -self.penalty * (played.old_N - played.reference_N)
        is_last_N = torch.ones_like(played.owner_N, dtype=torch.bool)
        is_last_N[:-1] = played.owner_N[1:] != played.owner_N[:-1]
        reward_N[is_last_N] += played.reward_A[played.owner_N[is_last_N]]
        # Lists: to read a number out of a tensor takes longer than all that is done with it.
        rewards, expected, ends = reward_N.tolist(), played.value_N.tolist(), is_last_N.tolist()
        gains = [0.0] * len(rewards)
        follows = later_value = 0.0
        for place in range(len(rewards) - 1, -1, -1):
            if ends[place]:
                follows = later_value = 0.0
            error = rewards[place] + self.discount * later_value - expected[place]
            follows = error + self.discount * self.trace * follows
            gains[place], later_value = follows, expected[place]
        advantage_N = torch.tensor(gains)
        return_N = advantage_N + played.value_N
        centred_N = advantage_N - advantage_N.mean()
        return centred_N / (centred_N.square().mean().sqrt() + _LEAST_DEVIATION), return_N

    def loss_sum(
        self, model: Decoder, batch: Batch, hidden_BTD: Tensor, new_N: Tensor | None = None
    ) -> Tensor | Measured:
        """The surrogate, and the value head's squared error."""
        loss, metrics = measured(super(Ppo, self).loss_sum(model, batch, hidden_BTD, new_N))
        answers, terms = batch.answers, batch.terms
        assert answers is not None
        assert terms is not None
        value_N = values(model, answers, hidden_BTD)
        counted_N = self._shares(answers, None)
        value_loss = 0.5 * (counted_N * self.value_errors(value_N, terms.value_N, terms.return_N)).sum()
        with torch.no_grad():
            metrics = {**metrics, "value_error": (counted_N * (value_N - terms.return_N).square()).sum()}
        return Measured(loss + self.value_weight * value_loss, metrics)

    def value_errors(self, value_N: Tensor, expected_N: Tensor, return_N: Tensor) -> Tensor:
        """The squared error of each value, N, as if it had moved from what was expected by no more than it may."""
        near_N = expected_N + (value_N - expected_N).clamp(-self.value_clip, self.value_clip)
        return torch.maximum((value_N - return_N).square(), (near_N - return_N).square())


def make(settings: PpoSettings, longest: int) -> Ppo:
    """As the recipe has it."""
    return Ppo(
        **settings.surrogate(longest),
        penalty=settings.penalty,
        discount=settings.discount,
        trace=settings.trace,
        value_weight=settings.value_weight,
        value_clip=settings.value_clip,
    )
