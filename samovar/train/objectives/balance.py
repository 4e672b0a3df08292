"""An objective with a penalty beside it that keeps a mixture's tokens from all going to the same experts.

Source: Fedus et al. 2022 (Switch Transformer), arXiv:2101.03961, section 2.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from samovar.model.decoder import Decoder
from samovar.model.experts import Router
from samovar.train.batches import Batch
from samovar.train.objectives.contract import Measured, Objective, measured
from samovar.train.parallel.grid import ALONE, Grid
from samovar.train.parallel.tensor import scaled


@contextmanager
def balanced(objective: Objective, model: Decoder, share: float, grid: Grid = ALONE) -> Iterator[Objective]:
    """``objective`` as it is, or with the penalty where ``model`` has experts to balance."""
    routers = [module for module in model.modules() if isinstance(module, Router)] if share else []
    if not routers:
        yield objective
        return
    for router in routers:
        router.is_watched = True
    try:
        yield Balanced(objective, routers, share, grid)
    finally:
        for router in routers:
            router.is_watched, router.imbalance = False, None


@dataclass(frozen=True, slots=True)
class Balanced:
    """``objective``, and ``share`` times the mean imbalance of ``routers`` in each micro-batch."""

    objective: Objective
    routers: Sequence[Router]
    share: float
    grid: Grid = ALONE

    def weight(self, batch: Batch) -> float:
        """As without the penalty."""
        return self.objective.weight(batch)

    def loss_sum(self, model: Decoder, batch: Batch, hidden_BTD: Tensor) -> Measured:
        """The loss with the penalty in it, and how unevenly the experts are used."""
        loss, metrics = measured(self.objective.loss_sum(model, batch, hidden_BTD))
        found = [router.imbalance for router in self.routers if router.imbalance is not None]
        # Processes that share the layers have a part of the targets each, and a router's whole gradient each.
        parts = self.grid.degrees.tensor
        weight = self.grid.add_up(loss.detach().new_tensor(self.weight(batch)), "tensor") / parts
        penalty = scaled(torch.stack(found).mean(), parts) * weight
        return Measured(loss + self.share * penalty, {**metrics, "expert_imbalance": penalty.detach()})
