"""Contrastive preference optimisation: DPO against a uniform reference, and the chosen answer learnt besides.

Source: Xu et al. 2024, arXiv:2401.08417, section 3. The second part (weight 1 where none is asked for) is a mean a
token, as in TRL and in the authors' code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor

from samovar.train.objectives.pairs import PairObjective, Pairs
from samovar.train.preference_settings import DpoSettings


@dataclass(frozen=True, slots=True)
class Cpo(PairObjective):
    """-log sigmoid(beta (chosen - rejected)), beside learning the chosen answer."""

    needs_reference: ClassVar[bool] = False

    def losses(self, pairs: Pairs) -> Tensor:
        """The loss of each pair, P."""
        chosen_P, rejected_P = self.rewards(pairs)
        return -F.logsigmoid(chosen_P - rejected_P)

    def rewards(self, pairs: Pairs) -> tuple[Tensor, Tensor]:
        """beta times the log-probability."""
        return self.beta * pairs.chosen_P, self.beta * pairs.rejected_P


def make(settings: DpoSettings) -> Cpo:
    """As the recipe has it."""
    return Cpo(settings.beta, chosen_weight=settings.chosen_weight or 1.0)
