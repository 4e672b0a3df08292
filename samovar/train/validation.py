"""The loss on held-out rows."""

from __future__ import annotations

import numpy as np
import torch

from samovar.model.decoder import Decoder
from samovar.train.batches import Rows, hidden_of
from samovar.train.objectives import next_token
from samovar.train.parallel.grid import ALONE, Grid
from samovar.train.parallel.tensor import own_targets


@torch.no_grad()  # not inference_mode: weights gathered in it could not be trained with
def validation_loss(
    model: Decoder, rows: Rows, *, rows_per_batch: int, max_rows: int = 256, grid: Grid = ALONE
) -> float:
    """Mean cross-entropy in nats a target over the first ``max_rows`` rows, shared among the processes of ``grid``."""
    total = weight = 0.0
    device = next(model.parameters()).device
    firsts = range(0, min(len(rows), max_rows), rows_per_batch)
    for number, is_counted in grid.turns(len(firsts)):
        first = firsts[number]
        batch = rows.batch(np.arange(first, min(first + rows_per_batch, len(rows), max_rows)))
        batch = own_targets(batch, grid).to(device)
        loss = next_token.loss_sum(model, batch, hidden_of(model, batch))
        if is_counted:
            total += float(loss)
            weight += next_token.weight(batch)
    total, weight = grid.total(total, weight)
    return total / max(1.0, weight)
