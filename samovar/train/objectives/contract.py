"""What the loop asks of an objective."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from torch import Tensor

from samovar.model.decoder import Decoder
from samovar.train.batches import Batch


class Measured(NamedTuple):
    """A loss and what else there is to know of it."""

    loss: Tensor
    """What is differentiated; summed over what ``weight`` counts."""
    metrics: Mapping[str, Tensor]
    """Numbers by name, summed over the same, without a gradient. The loop divides them by the weight of the whole step
    and writes them down beside the loss. Every batch has the same names."""


class Objective(Protocol):
    """A module under ``objectives``, or an object of one."""

    def weight(self, batch: Batch) -> float:
        """What the sums are divided by: targets, answers or pairs, each by its weight."""
        ...

    def loss_sum(self, model: Decoder, batch: Batch, hidden_BTD: Tensor) -> Tensor | Measured:
        """The loss, summed over what ``weight`` counts, alone or with metrics.

        Sums and not means, so that micro-batches of unlike weights add up to exactly the gradient of the whole batch.

        Args:
            model: for its head: ``model.head``.
            batch: a micro-batch.
            hidden_BTD: what ``model.hidden`` makes of it. The loop computes that, as it is the part whose shapes stay
                fixed and which therefore compiles once.
        """
        ...


def measured(found: Tensor | Measured) -> Measured:
    """What ``loss_sum`` gave, with metrics or with none."""
    return found if isinstance(found, Measured) else Measured(found, {})
