"""The loss on held-out rows."""

from __future__ import annotations

import numpy as np
import torch

from samovar.model.decoder import Decoder
from samovar.train.batches import Rows
from samovar.train.objectives import next_token


@torch.inference_mode()
def validation_loss(model: Decoder, rows: Rows, *, rows_per_batch: int, max_rows: int = 256) -> float:
    """Mean cross-entropy in nats a target over the first ``max_rows`` rows."""
    total = weight = 0.0
    device = next(model.parameters()).device
    for first in range(0, min(len(rows), max_rows), rows_per_batch):
        batch = rows.batch(np.arange(first, min(first + rows_per_batch, len(rows), max_rows))).to(device)
        total += float(next_token.loss_sum(model, batch, model.hidden(batch.tokens_BT, document_BT=batch.document_BT)))
        weight += next_token.weight(batch)
    return total / max(1.0, weight)
