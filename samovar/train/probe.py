"""How fast this machine trains a shape: a few real micro-batches, timed."""

from __future__ import annotations

import statistics

import numpy as np
import torch

from samovar.core.devices import keep_freed_memory, pick_device, training_dtype
from samovar.core.own_time import OwnTime
from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.model.layers import run_layer
from samovar.model.settings import DecoderSettings
from samovar.train.batches import Batch, hidden_of
from samovar.train.objectives import next_token

COMPILED_GAIN = 1.35
"""How much faster the compiled step is on a processor than the one that the probe times (measured, see LOG.md)."""


def probe_tokens_per_second(
    settings: DecoderSettings,
    *,
    context: int,
    micro_batch_tokens: int,
    micro_batches: int = 3,
    is_compiled: bool = False,
) -> float:
    """Tokens a second of forward and backward on this machine, by the median of a few micro-batches.

    Compiled only on a GPU, where one layer is compiled for all in seconds, as in training.

    What other programs take meanwhile is left out: the speed is kept for later, when they may be gone.
    """
    keep_freed_memory()
    device = pick_device()
    model = Decoder(settings, compute_dtype=training_dtype(device)).to(device)
    initialize(model, 0)
    if is_compiled:
        torch.compiler.reset()
        model.compiled_layer = torch.compile(run_layer, dynamic=False)
    rows = max(1, micro_batch_tokens // context)
    draw = np.random.default_rng(0)
    tokens_BT = torch.from_numpy(draw.integers(0, settings.vocab_size, (rows, context))).to(device)
    batch = Batch(tokens_BT, tokens_BT, torch.zeros_like(tokens_BT, dtype=torch.int32))
    seconds = []
    for _ in range(micro_batches + 1):  # the first one warms caches and is not counted
        watch = OwnTime()
        hidden_BTD = hidden_of(model, batch)
        next_token.loss_sum(model, batch, hidden_BTD).backward()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(watch.seconds())
    return rows * context / statistics.median(seconds[1:])
