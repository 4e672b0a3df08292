"""Predict the next token: pretraining, and fine-tuning where only the assistant's tokens are targets.

Axes: B rows, T tokens, D model width.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from samovar.model.decoder import Decoder
from samovar.train.batches import IGNORED, Batch


def weight(batch: Batch) -> int:
    """How many targets ``batch`` has: what the sum of losses is divided by over a whole step."""
    return int((batch.target_BT != IGNORED).sum())


def loss_sum(model: Decoder, batch: Batch, hidden_BTD: Tensor) -> Tensor:
    """Cross-entropy in nats, summed over the targets; a float32 scalar.

    The sum rather than the mean, so that micro-batches with unlike numbers of targets add up to exactly the
    gradient of the whole batch. Logits are computed for the targets alone: in conversations they are a third of the
    tokens, and the vocabulary is the widest product of a small model.
    """
    target = batch.target_BT.flatten()
    place = (target != IGNORED).nonzero().squeeze(1)
    logits = model.head(hidden_BTD.flatten(0, 1)[place]).float()
    return F.cross_entropy(logits, target[place], reduction="sum")
