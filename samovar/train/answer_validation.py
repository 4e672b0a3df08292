"""What an objective says of answers that were held out."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import torch

from samovar.model.decoder import Decoder
from samovar.train.answer_rows import AnswerRows
from samovar.train.batches import hidden_of
from samovar.train.objectives.contract import Objective, measured
from samovar.train.parallel.grid import ALONE, Grid


@torch.no_grad()  # not inference_mode: weights gathered in it could not be trained with
def held_out_means(
    model: Decoder,
    objective: Objective,
    rows: AnswerRows,
    *,
    rows_per_batch: int,
    max_rows: int = 256,
    grid: Grid = ALONE,
) -> dict[str, float]:
    """Means of the loss and the objective's metrics over the first rows, named ``validation_loss`` and so on."""
    device = next(model.parameters()).device
    totals: defaultdict[str, float] = defaultdict(float)
    firsts = range(0, min(len(rows), max_rows), rows_per_batch)
    for number, is_counted in grid.turns(len(firsts)):
        first = firsts[number]
        batch = rows.batch(np.arange(first, min(first + rows_per_batch, len(rows), max_rows))).to(device)
        loss, metrics = measured(objective.loss_sum(model, batch, hidden_of(model, batch)))
        totals["weight"] += is_counted * objective.weight(batch)
        for name, value in {"loss": loss, **metrics}.items():
            totals[name] += is_counted * float(value)
    names = list(totals)
    weight, *sums = grid.total(*totals.values())
    return {f"validation_{name}": value / max(1.0, weight) for name, value in zip(names[1:], sums, strict=True)}
