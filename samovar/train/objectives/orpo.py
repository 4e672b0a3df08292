"""Odds-ratio preference optimisation: supervised learning of the chosen answer, whose odds are to beat the other's.

Source: Hong et al. 2024, arXiv:2403.07691, equations 3, 4, 6 and 7. It needs no reference, nor fine-tuning before it.
What is learnt is the answer, as there; the authors' trainer learns the prompt as well, unless it is told not to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from samovar.train.objectives.pairs import PairObjective, Pairs
from samovar.train.preference_settings import DpoSettings

_ALMOST_SURE = -1e-6
"""Mean log-probability in nats above which the odds are taken to be those here: they grow without bound."""


@dataclass(frozen=True, slots=True)
class Orpo(PairObjective):
    """-(mean log-probability of the chosen) - beta log sigmoid(log odds of the chosen - log odds of the rejected)."""

    needs_reference: ClassVar[bool] = False

    def losses(self, pairs: Pairs) -> Tensor:
        """The loss of each pair, P."""
        mean_P = pairs.chosen_P / pairs.chosen_length_P
        odds_P = _log_odds(mean_P) - _log_odds(pairs.rejected_P / pairs.rejected_length_P)
        return -mean_P - self.beta * F.logsigmoid(odds_P)

    def rewards(self, pairs: Pairs) -> tuple[Tensor, Tensor]:
        """beta times the mean log-probability of a token."""
        chosen_P = pairs.chosen_P / pairs.chosen_length_P
        return self.beta * chosen_P, self.beta * pairs.rejected_P / pairs.rejected_length_P


def _log_odds(mean_P: Tensor) -> Tensor:
    """log(p / (1 - p)) of p = exp(mean)."""
    sure_P = mean_P.clamp(max=_ALMOST_SURE)
    return sure_P - torch.log(-torch.expm1(sure_P))


def make(settings: DpoSettings) -> Orpo:
    """As the recipe has it."""
    return Orpo(settings.beta)
