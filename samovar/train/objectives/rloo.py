"""REINFORCE, leave one out: the baseline of an answer is the mean reward of the others to its prompt.

Source: Ahmadian et al. 2024, arXiv:2402.14740, section 3.2 (Kool et al. 2019); the divergence in the reward of a whole
answer: there, equation 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from samovar.train.objectives.policy import Policy, grouped_mean, over_tokens
from samovar.train.rl.settings import GrpoSettings
from samovar.train.rl.terms import Played


@dataclass(frozen=True, slots=True)
class Rloo(Policy):
    """The reward, less the mean of the others: unbiased, as the baseline does not know the answer."""

    penalty: float = 0.0
    """Reward that an answer costs for each nat by which it is likelier than under the reference."""

    @property
    def looks_first(self) -> bool:
        """Where the reward has the divergence in it."""
        return self.penalty > 0

    def advantages(self, played: Played) -> tuple[Tensor, Tensor]:
        """Of all tokens of an answer alike."""
        reward_A = played.reward_A
        if self.penalty:
            log_ratio_N = played.old_N - played.reference_N
            reward_A = reward_A - self.penalty * torch.zeros_like(reward_A).index_add(0, played.owner_N, log_ratio_N)
        mean_A, count_A = grouped_mean(reward_A, played.group_A)
        others_A = (mean_A * count_A - reward_A) / (count_A - 1).clamp_min(1)
        return over_tokens(reward_A - others_A, played)


def make(settings: GrpoSettings, longest: int) -> Rloo:
    """As the recipe has it."""
    return Rloo(**settings.surrogate(longest), penalty=settings.penalty)
