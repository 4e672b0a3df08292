"""Identity preference optimisation: the gain is to be a certain number and no more, so that sure pairs are not overfit.

Source: Azar et al. 2023, arXiv:2310.12036, equation 17. Gains are of a token on average, not of an answer, so that long
answers weigh no more than short ones (as TRL does, by the authors' word).
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from samovar.train.objectives.pairs import PairObjective, Pairs
from samovar.train.preference_settings import DpoSettings


@dataclass(frozen=True, slots=True)
class Ipo(PairObjective):
    """(mean gain of the chosen - mean gain of the rejected - 1 / (2 beta))²."""

    def losses(self, pairs: Pairs) -> Tensor:
        """The loss of each pair, P."""
        chosen_P, rejected_P = self.rewards(pairs)
        return ((chosen_P - rejected_P) / self.beta - 1.0 / (2.0 * self.beta)).square()

    def rewards(self, pairs: Pairs) -> tuple[Tensor, Tensor]:
        """beta times the mean gain of a token."""
        chosen_P = pairs.chosen_gain_P / pairs.chosen_length_P
        return self.beta * chosen_P, self.beta * pairs.rejected_gain_P / pairs.rejected_length_P


def make(settings: DpoSettings) -> Ipo:
    """As the recipe has it."""
    return Ipo(settings.beta, chosen_weight=settings.chosen_weight)
