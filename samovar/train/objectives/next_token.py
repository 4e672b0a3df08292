"""Predict the next token: pretraining, and fine-tuning where only the assistant's tokens are targets.

Axes: B rows, T tokens, N targets, D model width. The module itself is the plain objective; ``NextToken`` has options.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from samovar.model.decoder import Decoder
from samovar.train.batches import IGNORED, Batch
from samovar.train.objectives.contract import Measured
from samovar.train.objectives.cross_entropy import cross_entropy_sum


def weight(batch: Batch) -> int:
    """How many targets ``batch`` has: what the sum of losses is divided by over a whole step."""
    return int((batch.target_BT != IGNORED).sum())


def loss_sum(model: Decoder, batch: Batch, hidden_BTD: Tensor) -> Tensor:
    """Cross-entropy in nats, summed over the targets; a float32 scalar."""
    return cross_entropy_sum(model, *_targets(batch, hidden_BTD))[0]


@dataclass(frozen=True, slots=True)
class NextToken:
    """The same with a penalty for logits that drift."""

    z_loss: float = 0.0
    """Weight of the squared logarithm of the softmax's denominator."""

    def weight(self, batch: Batch) -> int:
        """As without it."""
        return weight(batch)

    def loss_sum(self, model: Decoder, batch: Batch, hidden_BTD: Tensor) -> Tensor | Measured:
        """The loss with the penalty in it, and the penalty's own part."""
        loss, z_part = cross_entropy_sum(model, *_targets(batch, hidden_BTD), z_loss=self.z_loss)
        return Measured(loss, {"z_loss": z_part}) if self.z_loss else loss


def _targets(batch: Batch, hidden_BTD: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden states and right tokens of the targets alone, ND and N.

    In conversations they are a third of the tokens, and the vocabulary is the widest product of a small model.
    """
    target = batch.target_BT.flatten()
    place = (target != IGNORED).nonzero().squeeze(1)
    return hidden_BTD.flatten(0, 1)[place], target[place]
