"""A reward model from pairs: the chosen answer is to score higher, by the pair's margin where it has one.

Source: Bradley and Terry 1952, Biometrika 39; Christiano et al. 2017, arXiv:1706.03741, equation 1. Margin: Touvron et
al. 2023, arXiv:2307.09288, equation 2. Centring: Eisenstein et al. 2023, arXiv:2312.09244, section 2.

Axes: P pairs, A answers (two a pair, the chosen one first), B rows, T tokens, D model width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from samovar.model.decoder import Decoder
from samovar.train.batches import Batch
from samovar.train.objectives.contract import Measured
from samovar.train.objectives.scores import answer_scores


@dataclass(frozen=True, slots=True)
class BradleyTerry:
    """-log sigmoid(chosen - rejected - margin) + centring (chosen + rejected)²."""

    centring: float
    """Only differences are learnt from pairs: this keeps the scores themselves around zero."""

    def weight(self, batch: Batch) -> int:
        """Pairs."""
        assert batch.answers is not None
        return len(batch.answers.end_A) // 2

    def loss_sum(self, model: Decoder, batch: Batch, hidden_BTD: Tensor) -> Measured:
        """The losses of the pairs, summed."""
        assert batch.answers is not None
        chosen_P, rejected_P = answer_scores(model, batch, hidden_BTD).unflatten(0, (-1, 2)).unbind(1)
        loss_P = self.losses(chosen_P, rejected_P, batch.answers.margin_A.unflatten(0, (-1, 2))[:, 0])
        with torch.no_grad():
            metrics = {
                "accuracy": (chosen_P > rejected_P).float().sum(),
                "score_gap": (chosen_P - rejected_P).sum(),
                "mean_score": (chosen_P + rejected_P).sum() / 2,
            }
        return Measured(loss_P.sum(), metrics)

    def losses(self, chosen_P: Tensor, rejected_P: Tensor, margin_P: Tensor) -> Tensor:
        """The loss of each pair, P."""
        ranking_P = -F.logsigmoid(chosen_P - rejected_P - margin_P)
        return ranking_P + self.centring * (chosen_P + rejected_P).square()
