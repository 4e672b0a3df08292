"""AWQ: inputs of large size are divided, and the weights behind them multiplied, so that rounding hurts those least.

Axes: O outputs, I inputs.

What an input is divided by is folded into what makes it: the weight of a norm, or the rows of the map before.
Source: Lin et al. 2023, arXiv:2306.00978, section 3.2: the scale is the mean size of the input to a power, which is
searched. Where it searches on samples of activations, here the mean of x xᵀ gives the same error exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from samovar.model.calibration.inputs import Inputs
from samovar.model.int4 import fit_grid
from samovar.model.layers import Layer
from samovar.model.linear import Linear
from samovar.model.mlp import GatedMLP
from samovar.model.norms import LayerNorm, RMSNorm, ShiftedRMSNorm

POWERS = tuple(step / 20 for step in range(20))
_SMALLEST = 1e-4


class Pair(NamedTuple):
    """Maps, and what makes their common input."""

    source: RMSNorm | LayerNorm | Linear
    maps: dict[str, Linear]
    """By their names in the layer."""


@torch.no_grad()
def balance(layer: Layer, inputs: dict[str, Inputs], round_trip: Callable[[Tensor, Tensor], Tensor]) -> None:
    """Divide and multiply in ``layer``, which computes the same as before; ``inputs`` follow.

    Args:
        layer: its maps are plain, in any type of floats; changed ones come back in float32.
        inputs: of its maps.
        round_trip: gives, for a weight OI and the importance of its inputs, what is left of it after rounding.
    """
    for pair in _pairs(layer):
        its_inputs = inputs.get(next(iter(pair.maps)))
        if its_inputs is None or its_inputs.num_tokens == 0:
            continue
        scale_I = _best_scale([linear.weight.float() for linear in pair.maps.values()], its_inputs, round_trip)
        scale_I = _fold(pair.source, scale_I)
        for linear in pair.maps.values():
            linear.weight = nn.Parameter(linear.weight.float() * scale_I, requires_grad=False)
        for account in {id(inputs[name]): inputs[name] for name in pair.maps}.values():
            account.divide(scale_I)


def four_bits(group: int) -> Callable[[Tensor, Tensor], Tensor]:
    """The round trip of four-bit groups, to the nearest."""

    def round_trip(weight_OI: Tensor, importance_I: Tensor) -> Tensor:
        grid = fit_grid(weight_OI, group=group, importance_I=importance_I)
        return grid.weight(grid.round(weight_OI))

    return round_trip


def _best_scale(weights: list[Tensor], inputs: Inputs, round_trip: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """The scale of every input under which the outputs err least; ones where none is better than none."""
    best_I, least = torch.ones_like(inputs.size_I), float("inf")
    for power in POWERS:
        scale_I = inputs.size_I.clamp_min(_SMALLEST) ** power
        scale_I = scale_I / (scale_I.max() * scale_I.min()).sqrt()
        importance_I = inputs.importance_I / scale_I.square()
        error = 0.0
        for weight_OI in weights:
            lost_OI = round_trip(weight_OI * scale_I, importance_I) / scale_I - weight_OI
            error += float((lost_OI @ inputs.product_II * lost_OI).sum())
        if error < least:
            best_I, least = scale_I, error
    return best_I


def _fold(source: RMSNorm | LayerNorm | Linear, scale_I: Tensor) -> Tensor:
    """Divide what ``source`` gives by ``scale_I``, and give the scale that it took exactly.

    A norm's weight is stored in bfloat16: what it can be divided by there is no other number than that.
    """
    bias = source.bias if isinstance(source, LayerNorm | Linear) else None
    if isinstance(source, Linear):
        source.weight = nn.Parameter(source.weight.float() / scale_I[:, None], requires_grad=False)
    else:
        offset = 1.0 if isinstance(source, ShiftedRMSNorm) else 0.0
        before_I = source.weight.float() + offset
        after_I = ((before_I / scale_I) - offset).to(torch.bfloat16).float()
        ratio_I = before_I / (after_I + offset)
        is_usable_I = ratio_I.isfinite() & (ratio_I > 0.0)
        source.weight = nn.Parameter(torch.where(is_usable_I, after_I, source.weight.float()), requires_grad=False)
        scale_I = torch.where(is_usable_I, ratio_I, 1.0)
    if bias is not None:
        source.bias = nn.Parameter(bias.float() / scale_I, requires_grad=False)
    return scale_I


def _pairs(layer: Layer) -> list[Pair]:
    """Maps of ``layer`` with a source that feeds nothing else."""
    attention, mlp = layer.self_attn, layer.mlp
    maps = {name: module for name, module in layer.named_modules() if isinstance(module, Linear)}
    first = {name: maps[name] for name in maps if name.endswith((".q_proj", ".k_proj", ".v_proj"))}
    hidden = {name: maps[name] for name in ("mlp.gate_proj", "mlp.up_proj") if name in maps}
    second_norm = getattr(layer, "post_attention_layernorm", None)
    if second_norm is None:  # one norm feeds both blocks
        pairs = [Pair(layer.input_layernorm, first | hidden)] if hidden else []
    else:
        pairs = [Pair(layer.input_layernorm, first)]
        pairs += [Pair(second_norm, hidden)] if hidden else []  # experts: their router is fed too
    if attention.heads == attention.kv_heads and attention.clip is None:
        pairs.append(Pair(maps["self_attn.v_proj"], {"self_attn.o_proj": maps["self_attn.o_proj"]}))
    if isinstance(mlp, GatedMLP):
        pairs.append(Pair(mlp.up_proj, {"mlp.down_proj": mlp.down_proj}))
    return pairs
