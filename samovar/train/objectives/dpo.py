"""Direct preference optimisation: the chosen answer is to gain on the rejected one, against a reference.

Source: Rafailov et al. 2023, arXiv:2305.18290, equation 7.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from samovar.train.objectives.pairs import PairObjective, Pairs
from samovar.train.preference_settings import DpoSettings


@dataclass(frozen=True, slots=True)
class Dpo(PairObjective):
    """-log sigmoid(beta (gain of the chosen - gain of the rejected))."""

    def losses(self, pairs: Pairs) -> Tensor:
        """The loss of each pair, P."""
        return -F.logsigmoid(self.beta * (pairs.chosen_gain_P - pairs.rejected_gain_P))


def make(settings: DpoSettings) -> Dpo:
    """As the recipe has it."""
    return Dpo(settings.beta, chosen_weight=settings.chosen_weight)
