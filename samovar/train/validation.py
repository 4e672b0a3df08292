"""What an objective says of rows that were held out."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import torch

from samovar.model.decoder import Decoder
from samovar.train.batches import Rows, hidden_of
from samovar.train.objectives import next_token
from samovar.train.objectives.contract import Objective, measured
from samovar.train.parallel.grid import ALONE, Grid
from samovar.train.parallel.tensor import own_targets

_MOST_ROWS = 256


@torch.no_grad()  # not inference_mode: weights gathered in it could not be trained with
def held_out_means(
    model: Decoder, objective: Objective, rows: Rows, *, rows_per_batch: int, grid: Grid = ALONE
) -> dict[str, float]:
    """Means of the loss and the objective's metrics over the first rows, named ``validation_loss`` and so on.

    The processes of ``grid`` share the rows, and all get the same means.
    """
    device = next(model.parameters()).device
    totals: defaultdict[str, float] = defaultdict(float)
    num_rows = min(len(rows), _MOST_ROWS)
    firsts = range(0, num_rows, rows_per_batch)
    for number, is_counted in grid.turns(len(firsts)):
        first = firsts[number]
        batch = rows.batch(np.arange(first, min(first + rows_per_batch, num_rows)))
        batch = own_targets(batch, grid).to(device)
        loss, metrics = measured(objective.loss_sum(model, batch, hidden_of(model, batch)))
        totals["weight"] += is_counted * objective.weight(batch)
        for name, value in {"loss": loss, **metrics}.items():
            totals[name] += is_counted * float(value)
    names = list(totals)
    weight, *sums = grid.total(*totals.values())
    return {f"validation_{name}": value / max(1.0, weight) for name, value in zip(names[1:], sums, strict=True)}


def validation_loss(model: Decoder, rows: Rows, *, rows_per_batch: int, grid: Grid = ALONE) -> float:
    """Mean cross-entropy in nats a target over the first rows."""
    return held_out_means(model, next_token, rows, rows_per_batch=rows_per_batch, grid=grid)["validation_loss"]
