"""How many tokens a GPU takes at a time where nobody says so: a few thousand, enough for a processor, leave it idle."""

from __future__ import annotations

from typing import TypeVar

import torch

from samovar.model.adapters.settings import AdapterSettings
from samovar.model.settings import DecoderSettings
from samovar.train.memory_model import Adapter, training_memory
from samovar.train.parallel.grid import Grid
from samovar.train.settings import LoopSettings

MOST_TOKENS = 131_072
"""2 % faster than half of it at 124M parameters on an H200; above, little is left to gain."""
_MEMORY_SHARE = 0.85
"""Of what is free: the formula is an estimate."""

S = TypeVar("S", bound=LoopSettings)


def filling_gpu(
    settings: S, shape: DecoderSettings, *, context: int, grid: Grid, adapter: AdapterSettings | None = None
) -> S:
    """``settings`` with micro-batches as large as the first process's GPU has memory for; on a processor as they are.

    Which rows a step has, and what is learnt from it, is the same for micro-batches of any size. All processes take one
    size, as they meet in every pass over weights that are spread.

    Args:
        settings: of which a size that was asked for is kept.
        shape: of the model.
        context: tokens of a row.
        grid: the processes that train together.
        adapter: what is trained beside the model, where its weights are not.
    """
    if grid.device is None or grid.device.type != "cuda" or "micro_batch_tokens" in settings.model_fields_set:
        return settings
    tokens = int(grid.world.agreed(str(_fitting_tokens(settings, shape, context, grid, adapter))))
    return settings.model_copy(update={"micro_batch_tokens": tokens}) if tokens else settings


def _fitting_tokens(
    settings: LoopSettings, shape: DecoderSettings, context: int, grid: Grid, adapter: AdapterSettings | None
) -> int:
    """Tokens of the largest micro-batch that fits; 0 where none larger than that of the settings does."""
    assert grid.device is not None  # the GPU
    own = settings.batch_tokens // grid.degrees.data
    for rows in range(min(MOST_TOKENS, own) // context, settings.micro_batch_tokens // context, -1):
        if own // context % rows:  # micro-batches of a step are all of one size
            continue
        memory = training_memory(
            shape,
            context=context,
            micro_batch_tokens=rows * context,
            batch_tokens=own,
            optimizer=settings.optimizer,
            is_on_gpu=True,
            is_recomputed=settings.activation_checkpointing,
            is_averaged=settings.ema_decay is not None,
            adapter=None if adapter is None else Adapter(adapter.rank, adapter.targets, adapter.base_bits),
            shards=grid.degrees.shard * grid.degrees.tensor,
        )
        if memory.on_gpu <= _MEMORY_SHARE * _free_bytes(grid.device, memory.weights):
            return rows * context
    return 0


def _free_bytes(device: torch.device, weights: float) -> float:
    """Memory that a model may take whose ``weights`` are there already, beside other tensors of this process."""
    others = max(0.0, torch.cuda.memory_allocated(device) - weights)
    return torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device) - others
