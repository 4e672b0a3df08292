"""DPO on gains a token: a long answer wins no more by its length than a short one.

Source: Lambert et al. 2024 (Tulu 3), arXiv:2411.15124, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from samovar.train.objectives.pairs import PairObjective, Pairs
from samovar.train.preference_settings import DpoSettings


@dataclass(frozen=True, slots=True)
class LengthNormalised(PairObjective):
    """-log sigmoid(beta (mean gain of the chosen - mean gain of the rejected))."""

    def losses(self, pairs: Pairs) -> Tensor:
        """The loss of each pair, P."""
        chosen_P, rejected_P = self.rewards(pairs)
        return -F.logsigmoid(chosen_P - rejected_P)

    def rewards(self, pairs: Pairs) -> tuple[Tensor, Tensor]:
        """beta times the mean gain of a token."""
        chosen_P = pairs.chosen_gain_P / pairs.chosen_length_P
        return self.beta * chosen_P, self.beta * pairs.rejected_gain_P / pairs.rejected_length_P


def make(settings: DpoSettings) -> LengthNormalised:
    """As the recipe has it."""
    return LengthNormalised(settings.beta, chosen_weight=settings.chosen_weight)
