"""Dropout: zeros in what is added to the residual stream (Srivastava et al. 2014), off by default.

It stands beside the model as hooks, so that a model without it is the same code. What is dropped is a function of the
seed, the step and the process's rows (``seed_step``), so that a run that goes on drops what it would have dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from samovar.model.decoder import Decoder


@contextmanager
def dropout(model: Decoder, share: float) -> Iterator[None]:
    """While it trains, ``model`` drops this share of embeddings and of what attention and feed-forward blocks add."""
    blocks: list[nn.Module] = [model.embed_tokens]
    for layer in model.layers:
        blocks += [layer.get_submodule(name) for name in ("self_attn", "mlp")]

    def drop(block: nn.Module, _: object, output_BTD: Tensor) -> Tensor:
        return F.dropout(output_BTD, share, block.training)

    handles = [block.register_forward_hook(drop) for block in blocks] if share else []
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def seed_step(seed: int, step: int, data_rank: int) -> None:
    """Make whatever draws random numbers in ``step`` draw the same ones again when the step is done again.

    Processes that compute one layer together (``tensor``) have one ``data_rank``, and drop the same.
    """
    torch.manual_seed(int(np.random.SeedSequence((seed, step, data_rank)).generate_state(1, np.uint64)[0]))
