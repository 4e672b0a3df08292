"""How fast a model folder decodes."""

from __future__ import annotations

import time
from pathlib import Path

import torch

from samovar.engine.batch import Piece, make_batch
from samovar.engine.cache import blocks_for, make_memory
from samovar.engine.forward import choose_way, make_forward
from samovar.model.checkpoint import load_model
from samovar.model.decoder import Decoder


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
    return decode_rate(load_model(folder, dtype=dtype), batch=batch, num_tokens=num_tokens)


def decode_rate(model: Decoder, *, batch: int = 1, num_tokens: int = 96) -> float:
    """The same of a model in memory."""
    num_tokens = min(num_tokens, model.settings.max_positions - 1)
    return max(batch * num_tokens / _decode_seconds(model, batch, num_tokens) for _ in range(3))


@torch.inference_mode()
def _decode_seconds(model: Decoder, batch: int, num_tokens: int) -> float:
    """Seconds to decode greedily from one token a row, the way an engine would."""
    weight, blocks_each = model.norm.weight, blocks_for(num_tokens)
    memory = make_memory(
        model.settings,
        batch * blocks_each,
        form="plain",
        dtype=model.compute_dtype or weight.dtype,
        device=weight.device,
    )
    forward = make_forward(model, memory, choose_way(model, "auto")[0])
    tables = [range(1 + row * blocks_each, 1 + (row + 1) * blocks_each) for row in range(batch)]
    tokens = [row % model.settings.vocab_size for row in range(batch)]
    started = time.perf_counter()
    for position in range(num_tokens):
        pieces = [Piece(row, [token], position, tables[row], [0]) for row, token in enumerate(tokens)]
        tokens = forward.logits(make_batch(pieces)).argmax(-1).tolist()
    return time.perf_counter() - started
