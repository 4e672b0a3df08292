"""A reward model of steps: behind each step of a solution, the log-odds that it is right.

Source: Uesato et al. 2022, arXiv:2211.14275, section 2.3; Lightman et al. 2023, arXiv:2305.20050, section 2.6.

Axes: A steps of all solutions, B rows, T tokens, D model width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from samovar.model.decoder import Decoder
from samovar.train.answers import GOOD
from samovar.train.batches import Batch
from samovar.train.objectives.contract import Measured
from samovar.train.objectives.scores import answer_scores


def weight(batch: Batch) -> int:
    """Steps."""
    assert batch.answers is not None
    return len(batch.answers.end_A)


def loss_sum(model: Decoder, batch: Batch, hidden_BTD: Tensor) -> Measured:
    """Cross-entropy in nats, summed over the steps."""
    assert batch.answers is not None
    score_A = answer_scores(model, batch, hidden_BTD)
    is_right_A = batch.answers.label_A == GOOD
    with torch.no_grad():
        accuracy = ((score_A > 0) == is_right_A).float().sum()
    return Measured(losses(score_A, is_right_A).sum(), {"accuracy": accuracy})


def losses(score_A: Tensor, is_right_A: Tensor) -> Tensor:
    """The loss of each step, A."""
    return F.binary_cross_entropy_with_logits(score_A, is_right_A.to(score_A.dtype), reduction="none")
