"""REINFORCE, leave one out: the baseline of an answer is the mean reward of the others to its prompt.

Source: Ahmadian et al. 2024, arXiv:2402.14740, section 3.2 (Kool et al. 2019).
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from samovar.train.objectives.policy import Policy, grouped_mean, over_tokens
from samovar.train.rl.settings import GrpoSettings
from samovar.train.rl.terms import Played


@dataclass(frozen=True, slots=True)
class Rloo(Policy):
    """The reward, less the mean of the others: unbiased, as the baseline does not know the answer."""

    def advantages(self, played: Played) -> tuple[Tensor, Tensor]:
        """Of all tokens of an answer alike."""
        mean_A, count_A = grouped_mean(played.reward_A, played.group_A)
        others_A = (mean_A * count_A - played.reward_A) / (count_A - 1).clamp_min(1)
        return over_tokens(played.reward_A - others_A, played)


def make(settings: GrpoSettings, longest: int) -> Rloo:
    """As the recipe has it."""
    return Rloo(**settings.surrogate(longest))
