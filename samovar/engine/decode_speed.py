"""How fast a model folder decodes."""

from __future__ import annotations

import time
from pathlib import Path

import torch

from samovar.engine.cache import SlotCache
from samovar.model.checkpoint import load_model
from samovar.model.decoder import Decoder

_MAX_CONTEXT = 4096
"""Positions of the cache in which decoding is timed; models for 131,072 would need memory that nothing here uses."""


def measure_decode(
    folder: Path, *, batch: int = 1, num_tokens: int = 96, dtype: torch.dtype | None = torch.float32
) -> float:
    """Tokens a second when ``batch`` answers are decoded at once by the model in ``folder``.

    Args:
        folder: a model folder.
        batch: rows.
        num_tokens: new tokens a row; the best of three runs counts, so that a busy moment does not.
        dtype: of activations, and of weights that are not int8; None keeps what is stored.
    """
    model = load_model(folder, dtype=dtype)
    num_tokens = min(num_tokens, model.settings.max_positions - 1)
    return max(batch * num_tokens / _decode_seconds(model, batch, num_tokens) for _ in range(3))


@torch.inference_mode()
def _decode_seconds(model: Decoder, batch: int, num_tokens: int) -> float:
    """Seconds to decode greedily from one token a row."""
    weight = model.norm.weight
    cache = SlotCache(
        model.settings,
        num_slots=batch,
        max_context=min(model.settings.max_positions, _MAX_CONTEXT),
        dtype=model.compute_dtype or weight.dtype,
        device=weight.device,
    )
    token_BT = torch.arange(batch).remainder(model.settings.vocab_size).unsqueeze(1)
    started = time.perf_counter()
    for position in range(num_tokens):
        view = cache.decoding([position] * batch, longest=position)
        token_BT = model.head(model.hidden(token_BT, cache=view)).argmax(-1)
    return time.perf_counter() - started
