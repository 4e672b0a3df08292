"""How fast could this machine train the shape, if it did nothing but the products of the linear maps?

Each map of a decoder is multiplied three times a step: forward, for the gradient of its input, and for the gradient
of its weight. They are timed apart, as layouts and so rates differ, in the layouts in which autograd takes them.
Attention, norms, the loss and the optimizer are left out: this is a roof, under which a training step must stay.

Axes: N tokens of a micro-batch, I inputs and O outputs of a map.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch

from samovar.core.devices import keep_freed_memory
from samovar.model.settings import DecoderSettings

KINDS = ("forward", "input_gradient", "weight_gradient")
_WARMUPS, _REPEATS = 3, 15


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Time every product of the shape, and add up what a token takes."""
    torch.set_num_threads(job["threads"])
    keep_freed_memory()
    dtype = torch.bfloat16 if job["bfloat16"] else torch.float32
    num_tokens = job["micro_tokens"]
    seconds = dict.fromkeys(KINDS, 0.0)
    flops = 0.0
    for (inputs, outputs), count in linear_maps(DecoderSettings(**job["shape"])).items():
        flops += 2.0 * count * num_tokens * inputs * outputs
        for kind, one in _product_seconds(num_tokens, inputs, outputs, dtype).items():
            seconds[kind] += count * one
    return {
        "tokens_per_second": num_tokens / sum(seconds.values()),
        "gigaflops_per_second": {kind: round(flops / seconds[kind] / 1e9, 1) for kind in KINDS},
        "flops_per_token": len(KINDS) * flops / num_tokens,
    }


def linear_maps(shape: DecoderSettings) -> Counter[tuple[int, int]]:
    """(inputs, outputs) of each linear map of the decoder, its head included -> how many there are."""
    width, hidden = shape.hidden_size, shape.intermediate_size
    heads, kv_heads = shape.num_heads * shape.head_dim, shape.num_kv_heads * shape.head_dim
    maps: Counter[tuple[int, int]] = Counter({(width, shape.vocab_size): 1})
    for inputs, outputs, count in (
        (width, heads, 1),
        (width, kv_heads, 2),
        (heads, width, 1),
        (width, hidden, 2),
        (hidden, width, 1),
    ):
        maps[inputs, outputs] += count * shape.num_layers
    return maps


def _product_seconds(num_tokens: int, inputs: int, outputs: int, dtype: torch.dtype) -> dict[str, float]:
    x_NI = torch.randn(num_tokens, inputs).to(dtype)
    weight_OI = torch.randn(outputs, inputs).to(dtype)
    gradient_NO = torch.randn(num_tokens, outputs).to(dtype)
    y_NO, gradient_NI, gradient_OI = (torch.empty_like(one) for one in (gradient_NO, x_NI, weight_OI))
    return {
        "forward": _median_seconds(lambda: torch.mm(x_NI, weight_OI.t(), out=y_NO)),
        "input_gradient": _median_seconds(lambda: torch.mm(gradient_NO, weight_OI, out=gradient_NI)),
        "weight_gradient": _median_seconds(lambda: torch.mm(gradient_NO.t(), x_NI, out=gradient_OI)),
    }


def _median_seconds(multiply: Callable[[], Any]) -> float:
    seconds = []
    for number in range(_WARMUPS + _REPEATS):
        started = time.perf_counter()
        multiply()
        if number >= _WARMUPS:
            seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)
