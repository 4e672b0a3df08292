"""A model folder with int8 weights, and how fast a folder decodes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch

from samovar.core.errors import ConfigError
from samovar.engine.cache import SlotCache
from samovar.model.checkpoint import load_model, save_model, weight_bytes
from samovar.model.decoder import Decoder
from samovar.model.quantized import is_quantized, quantize_model, quantized_maps

_MAX_CONTEXT = 4096
"""Positions of the cache in which decoding is timed; models for 131,072 would need memory that nothing here uses."""


def quantize_folder(source: Path, out: Path) -> dict[str, Any]:
    """Write the model in ``source`` to ``out`` with int8 weights; the rest is stored in bfloat16.

    Returns:
        bytes of the weights before and after, and the root mean square error of the int8 weights relative to theirs.
    Raises:
        ConfigError: it is quantized already, or ``out`` is ``source``.
    """
    if source.resolve() == out.resolve():
        raise ConfigError(f"{out} is the model itself", hint="name another folder for the quantized model")
    model = load_model(source)
    if is_quantized(model):
        raise ConfigError(f"{source} is quantized already", hint="name the folder of the model before quantization")
    quantized = quantize_model(model)
    save_model(quantized, out, tokenizer_folder=source, dtype=torch.bfloat16)
    return {
        "source_bytes": weight_bytes(source),
        "weight_bytes": weight_bytes(out),
        "relative_error": round(_relative_error(model, quantized), 6),
    }


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


def _relative_error(model: Decoder, quantized: Decoder) -> float:
    wrong = total = 0.0
    weights = dict(model.named_parameters())
    for name, module in quantized_maps(quantized).items():
        weight = weights[f"{name}.weight"].detach().float()
        wrong += float((module.dequantize() - weight).square().sum())
        total += float(weight.square().sum())
    return (wrong / total) ** 0.5 if total else 0.0
