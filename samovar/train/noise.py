"""Noise on embeddings in fine-tuning, off by default: answers then follow the wording of a few examples less closely.

Source: Jain et al. 2023 (NEFTune), arXiv:2310.05914, section 2: uniform, of size alpha / sqrt(T D), T being the tokens
of a row and D the width of the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from samovar.model.decoder import Decoder


@contextmanager
def embedding_noise(model: Decoder, alpha: float) -> Iterator[None]:
    """While it trains, ``model`` reads embeddings with noise. It draws from torch's generator, as dropout does."""

    def disturb(block: nn.Module, _: object, embedded_BTD: Tensor) -> Tensor:
        if not block.training:
            return embedded_BTD
        size = alpha / (embedded_BTD.shape[-2] * embedded_BTD.shape[-1]) ** 0.5
        return embedded_BTD + torch.empty_like(embedded_BTD).uniform_(-size, size)

    handle = model.embed_tokens.register_forward_hook(disturb) if alpha else None
    try:
        yield
    finally:
        if handle is not None:
            handle.remove()
