"""Kahneman-Tversky optimisation: single answers, wanted or not, each weighed against where the model stands as a whole.

Where it stands is estimated by answers to other prompts (label ``ELSEWHERE``): their mean gain, or zero if that is
less. It is taken over a micro-batch and has no gradient.

Source: Ethayarajh et al. 2024, arXiv:2402.01306, section 4. Axes: A answers, E those elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from samovar.model.decoder import Decoder
from samovar.train.answers import ELSEWHERE, GOOD
from samovar.train.batches import Batch
from samovar.train.objectives.contract import Measured
from samovar.train.objectives.log_probs import answer_log_probs
from samovar.train.preference_settings import DpoSettings


@dataclass(frozen=True, slots=True)
class Kto:
    """1 - sigmoid(beta (gain - drift)) of a wanted answer, 1 - sigmoid(beta (drift - gain)) of another."""

    needs_reference: ClassVar[bool] = True
    beta: float
    """What gains are multiplied by."""
    good_weight: float
    bad_weight: float

    def weight(self, batch: Batch) -> int:
        """Answers that are judged."""
        assert batch.answers is not None
        return int((batch.answers.label_A != ELSEWHERE).sum())

    def loss_sum(self, model: Decoder, batch: Batch, hidden_BTD: Tensor) -> Measured:
        """The losses of the answers, summed."""
        assert batch.answers is not None
        log_prob_A = answer_log_probs(model, batch, hidden_BTD)
        gain_A, label_A = log_prob_A - batch.answers.reference_A, batch.answers.label_A
        is_elsewhere_A = label_A == ELSEWHERE
        drift = _drift(gain_A[is_elsewhere_A].detach())
        gain_A, is_good_A = gain_A[~is_elsewhere_A], label_A[~is_elsewhere_A] == GOOD
        loss_A = self.losses(gain_A, is_good_A, drift)
        with torch.no_grad():
            reward_A = self.beta * gain_A
            metrics = {
                "accuracy": ((reward_A > self.beta * drift) == is_good_A).float().sum(),
                "good_reward": (reward_A * is_good_A).sum(),
                "bad_reward": (reward_A * ~is_good_A).sum(),
                "drift": drift * len(gain_A),
            }
        return Measured(loss_A.sum(), metrics)

    def losses(self, gain_A: Tensor, is_good_A: Tensor, drift: Tensor) -> Tensor:
        """The loss of each answer, A."""
        sign_A = torch.where(is_good_A, 1.0, -1.0)
        weight_A = torch.where(is_good_A, self.good_weight, self.bad_weight)
        return weight_A * (1.0 - torch.sigmoid(sign_A * self.beta * (gain_A - drift)))


def _drift(gain_E: Tensor) -> Tensor:
    """The mean gain of answers to other prompts, at least 0: an estimate of the divergence from the reference."""
    return gain_E.mean().clamp(min=0.0) if len(gain_E) else gain_E.new_zeros(())


def make(settings: DpoSettings) -> Kto:
    """As the recipe has it."""
    return Kto(settings.beta, settings.good_weight, settings.bad_weight)
