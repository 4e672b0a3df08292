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


def weight(batch: Batch) -> float:
    """How many targets ``batch`` has, each by its weight: what the sum of losses is divided by over a whole step."""
    is_target_BT = batch.target_BT != IGNORED
    if batch.weight_BT is None:
        return int(is_target_BT.sum())
    return float((batch.weight_BT * is_target_BT).sum())


def loss_sum(model: Decoder, batch: Batch, hidden_BTD: Tensor) -> Tensor:
    """Cross-entropy in nats, summed over the targets by their weights; a float32 scalar."""
    hidden_ND, target_N, weight_N = _targets(batch, hidden_BTD)
    return cross_entropy_sum(model, hidden_ND, target_N, weight_N=weight_N)[0]


@dataclass(frozen=True, slots=True)
class NextToken:
    """The same with a penalty for logits that drift, and with smoothed targets."""

    z_loss: float = 0.0
    """Weight of the squared logarithm of the softmax's denominator."""
    label_smoothing: float = 0.0
    """Share of a target's probability that all tokens are to have alike."""

    def weight(self, batch: Batch) -> float:
        """As without it."""
        return weight(batch)

    def loss_sum(self, model: Decoder, batch: Batch, hidden_BTD: Tensor) -> Tensor | Measured:
        """The loss with the penalty in it, and the penalty's own part."""
        hidden_ND, target_N, weight_N = _targets(batch, hidden_BTD)
        loss, z_part = cross_entropy_sum(
            model, hidden_ND, target_N, z_loss=self.z_loss, smoothing=self.label_smoothing, weight_N=weight_N
        )
        return Measured(loss, {"z_loss": z_part}) if self.z_loss else loss


def _targets(batch: Batch, hidden_BTD: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
    """Hidden states, right tokens and weights of the targets alone, ND, N and N.

    In conversations they are a third of the tokens, and the vocabulary is the widest product of a small model.
    """
    target = batch.target_BT.flatten()
    place = (target != IGNORED).nonzero().squeeze(1)
    if len(place) == len(target):  # nothing to copy out
        return hidden_BTD.flatten(0, 1), target, None if batch.weight_BT is None else batch.weight_BT.flatten()
    weight_N = None if batch.weight_BT is None else batch.weight_BT.flatten()[place]
    return hidden_BTD.flatten(0, 1)[place], target[place], weight_N
