"""How fast this machine trains a shape: a few real micro-batches, timed.

Axes: B rows, T tokens, D model width.
"""

from __future__ import annotations

import statistics

import numpy as np
import torch
from torch import Tensor

from samovar.core.devices import keep_freed_memory, pick_device, training_dtype
from samovar.core.own_time import OwnTime
from samovar.model.adapters.attach import attach
from samovar.model.adapters.settings import AdapterSettings
from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.model.layers import run_layer
from samovar.model.quantized import quantize_model
from samovar.model.settings import DecoderSettings
from samovar.train.batches import Batch, hidden_of
from samovar.train.objectives import next_token

COMPILED_GAIN = 1.35
"""How much faster the compiled step is on a processor than the one that the probe times (measured, see LOG.md)."""
ENOUGH_PARAMETERS, FEWEST_LAYERS = 100_000_000, 2
"""Layers with so many parameters tell how long a layer takes. Of billions the whole would take minutes, and memory that
is there only for an adapter, if at all."""


def probe_tokens_per_second(
    settings: DecoderSettings,
    *,
    context: int,
    micro_batch_tokens: int,
    micro_batches: int = 3,
    is_compiled: bool = False,
    adapter: AdapterSettings | None = None,
) -> float:
    """Tokens a second of forward and backward on this machine, by the median of a few micro-batches.

    Of a large model the first layers and the head are timed, and the other layers taken to be like the first.

    Compiled only on a GPU, where one layer is compiled for all in seconds, as in training.

    What other programs take meanwhile is left out: the speed is kept for later, when they may be gone.

    Args:
        settings: the shape.
        context: tokens of a row.
        micro_batch_tokens: tokens that are taken at a time.
        micro_batches: how many are timed.
        is_compiled: whether layers are compiled.
        adapter: what is trained beside the frozen model; None: all weights.
    """
    keep_freed_memory()
    device = pick_device()
    timed = first_layers(settings, layers_to_time(settings))
    model = _model(timed, adapter, device)
    if is_compiled:
        torch.compiler.reset()
        model.compiled_layer = torch.compile(run_layer, dynamic=False)
    rows = max(1, micro_batch_tokens // context)
    draw = np.random.default_rng(0)
    tokens_BT = torch.from_numpy(draw.integers(0, settings.vocab_size, (rows, context))).to(device)
    batch = Batch(tokens_BT, tokens_BT, torch.zeros_like(tokens_BT, dtype=torch.int32))
    copies = settings.num_layers / timed.num_layers
    seconds = []
    for _ in range(micro_batches + 1):  # the first one warms caches and is not counted
        in_layers, in_head = _pass(model, batch)
        seconds.append(copies * in_layers + in_head)
    return rows * context / statistics.median(seconds[1:])


def layers_to_time(settings: DecoderSettings) -> int:
    """All of a small model, of a larger one as few as tell how long a layer takes."""
    enough = round(ENOUGH_PARAMETERS * settings.num_layers / settings.num_matrix_parameters)
    return min(settings.num_layers, max(FEWEST_LAYERS, enough))


def first_layers(settings: DecoderSettings, count: int) -> DecoderSettings:
    """The shape with its first ``count`` layers alone."""
    kept = {
        name: tuple(layer for layer in getattr(settings, name) if layer < count)
        for name in ("windowed_layers", "expert_layers")
    }
    return settings.model_copy(update={"num_layers": count, **kept})


def _model(settings: DecoderSettings, adapter: AdapterSettings | None, device: torch.device) -> Decoder:
    """Fresh weights, as a run keeps them: float32 where they are trained, else in the compute type or four bits."""
    dtype = training_dtype(device)
    model = Decoder(settings, compute_dtype=dtype)
    initialize(model, 0)
    if adapter is None:
        return model.to(device)
    model.to(device, dtype)
    if adapter.base_bits == 4:
        model = quantize_model(model, "nf4")
    attach(model, adapter, seed=0)
    return model.train()


def _pass(model: Decoder, batch: Batch) -> tuple[float, float]:
    """Seconds that forward and backward take in the layers, and in the head with the loss."""
    watch = OwnTime()
    hidden_BTD = hidden_of(model, batch)
    before = _seconds(watch, hidden_BTD)
    into_head_BTD = hidden_BTD.detach().requires_grad_()
    next_token.loss_sum(model, batch, into_head_BTD).backward()
    with_head = _seconds(watch, hidden_BTD)
    # The table's gradient comes once, however many layers there are: left out, it is not counted with each of them.
    trained = [parameter for parameter in model.layers.parameters() if parameter.requires_grad]
    torch.autograd.backward(hidden_BTD, into_head_BTD.grad, inputs=trained)
    return before + _seconds(watch, hidden_BTD) - with_head, with_head - before


def _seconds(watch: OwnTime, tensor: Tensor) -> float:
    if tensor.is_cuda:
        torch.cuda.synchronize()
    return watch.seconds()
