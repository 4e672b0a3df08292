"""Robust DPO: an unbiased loss where a known share of the pairs is the wrong way round.

Source: Chowdhury et al. 2024, arXiv:2403.00409, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from samovar.train.objectives.pairs import PairObjective, Pairs
from samovar.train.preference_settings import DpoSettings


@dataclass(frozen=True, slots=True)
class Robust(PairObjective):
    """((1 - e) loss of the pair - e loss of the pair turned round) / (1 - 2 e)."""

    flipped_share: float
    """e: pairs that are the wrong way round, below one half."""

    def losses(self, pairs: Pairs) -> Tensor:
        """The loss of each pair, P."""
        gap_P = self.beta * (pairs.chosen_gain_P - pairs.rejected_gain_P)
        right_P, turned_P = -F.logsigmoid(gap_P), -F.logsigmoid(-gap_P)
        share = self.flipped_share
        return ((1.0 - share) * right_P - share * turned_P) / (1.0 - 2.0 * share)


def make(settings: DpoSettings) -> Robust:
    """As the recipe has it."""
    return Robust(settings.beta, settings.flipped_share, chosen_weight=settings.chosen_weight)
