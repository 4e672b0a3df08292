"""Simple preference optimisation: no reference; the mean log-probability of a token is the reward, with a margin.

Source: Meng et al. 2024, arXiv:2405.14734, equation 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor

from samovar.train.objectives.pairs import PairObjective, Pairs
from samovar.train.preference_settings import DpoSettings


@dataclass(frozen=True, slots=True)
class Simpo(PairObjective):
    """-log sigmoid(beta (mean of the chosen - mean of the rejected) - gamma)."""

    needs_reference: ClassVar[bool] = False
    gamma: float
    """By how much the chosen answer is to win."""

    def losses(self, pairs: Pairs) -> Tensor:
        """The loss of each pair, P."""
        chosen_P, rejected_P = self.rewards(pairs)
        return -F.logsigmoid(chosen_P - rejected_P - self.gamma)

    def rewards(self, pairs: Pairs) -> tuple[Tensor, Tensor]:
        """beta times the mean log-probability of a token."""
        chosen_P = pairs.chosen_P / pairs.chosen_length_P
        return self.beta * chosen_P, self.beta * pairs.rejected_P / pairs.rejected_length_P


def make(settings: DpoSettings) -> Simpo:
    """As the recipe has it."""
    return Simpo(settings.beta, settings.gamma, chosen_weight=settings.chosen_weight)
