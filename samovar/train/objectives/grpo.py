"""Group relative policy optimisation: an answer is judged by the other answers to its prompt, without a value model.

Source: Shao et al. 2024, arXiv:2402.03300, section 4.1. Dividing by the group's deviation, as there, weighs prompts
that are nearly always or never solved too much, and the mean over answers favours long wrong ones: the defaults do
neither (Liu et al. 2025, arXiv:2503.20783).
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from samovar.train.objectives.policy import Policy, grouped_mean, over_tokens
from samovar.train.rl.settings import GrpoSettings
from samovar.train.rl.terms import Played

_LEAST_DEVIATION = 1e-4


@dataclass(frozen=True, slots=True)
class Grpo(Policy):
    """The reward, less the mean of its group."""

    divides_by_deviation: bool

    def advantages(self, played: Played) -> tuple[Tensor, Tensor]:
        """Of all tokens of an answer alike."""
        mean_A, count_A = grouped_mean(played.reward_A, played.group_A)
        gain_A = played.reward_A - mean_A
        if self.divides_by_deviation:
            square_A, _ = grouped_mean(gain_A.square(), played.group_A)
            # The sample's deviation, as in the paper's implementation.
            deviation_A = (square_A * count_A / (count_A - 1).clamp_min(1)).sqrt()
            gain_A = gain_A / (deviation_A + _LEAST_DEVIATION)
        return over_tokens(gain_A, played)


def make(settings: GrpoSettings, longest: int) -> Grpo:
    """As the recipe has it."""
    return Grpo(**settings.surrogate(longest), divides_by_deviation=settings.divides_by_deviation)
