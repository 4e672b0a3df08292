"""REINFORCE++: rewards less their group's mean, brought to deviation one over all answers of the iteration.

Source: Hu et al. 2025, arXiv:2501.03262, the variant with a group baseline. One deviation for all keeps prompts that
are nearly always solved from counting more than others.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from samovar.train.objectives.policy import Policy, grouped_mean, over_tokens
from samovar.train.rl.settings import GrpoSettings
from samovar.train.rl.terms import Played

_LEAST_DEVIATION = 1e-8


@dataclass(frozen=True, slots=True)
class ReinforcePlusPlus(Policy):
    """Normalised over the iteration."""

    def advantages(self, played: Played) -> tuple[Tensor, Tensor]:
        """Of all tokens of an answer alike; mean and deviation are over tokens, as long answers have more of them."""
        mean_A, _ = grouped_mean(played.reward_A, played.group_A)
        advantage_N, nothing_N = over_tokens(played.reward_A - mean_A, played)
        centred_N = advantage_N - advantage_N.mean()
        return centred_N / (centred_N.square().mean().sqrt() + _LEAST_DEVIATION), nothing_N


def make(settings: GrpoSettings, longest: int) -> ReinforcePlusPlus:
    """As the recipe has it."""
    return ReinforcePlusPlus(**settings.surrogate(longest))
