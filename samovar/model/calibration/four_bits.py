"""A decoder in four bits, rounded by what comes into each map; and which maps suffer most from it.

Axes: R rows, T tokens, N tokens of all rows, V vocabulary.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from samovar.model.calibration.awq import balance, four_bits
from samovar.model.calibration.gptq import gptq_codes
from samovar.model.calibration.inputs import Inputs, change_layers
from samovar.model.decoder import Decoder
from samovar.model.int4 import GROUP, Int4Linear, fit_grid
from samovar.model.int8 import Int8Linear
from samovar.model.layers import Layer
from samovar.model.linear import Linear, replace_module
from samovar.model.quantized import copy_sharing, layer_maps, quantize_map

Method = Literal["awq", "gptq"]

HARM_TOKENS = 1024
TOGETHER = (
    ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    ("mlp.gate_proj", "mlp.up_proj"),
)
"""Maps that other programs join into one matrix, and so want in one form."""


def calibrate(
    model: Decoder,
    token_RT: Tensor,
    *,
    method: Method,
    group: int = GROUP,
) -> Decoder:
    """A copy of ``model`` in four bits.

    Args:
        model: its maps are plain.
        token_RT: rows of text like that which it will read.
        method: how the rounding is settled.
        group: inputs that share a scale; maps whose inputs it does not divide become int8.
    """
    changed = copy_sharing(model)

    def change(_: int, layer: Layer, inputs: dict[str, Inputs]) -> None:
        if method == "awq":
            balance(layer, inputs, four_bits(group))
        for name, linear in layer_maps(layer).items():
            if linear.in_features % group:
                replace_module(layer, name, Int8Linear.of(linear))
            else:
                replace_module(layer, name, _rounded(linear, inputs.get(name), method, group))

    change_layers(changed, token_RT, change)
    return changed


@torch.no_grad()
def harms(model: Decoder, token_RT: Tensor, *, group: int = GROUP) -> dict[tuple[str, ...], float]:
    """How much each unit of maps, in four bits alone, changes what the model foretells.

    Returns:
        names of a unit's maps -> the mean Kullback-Leibler divergence of the next token from the unchanged model's, in
        nats, over the first ``HARM_TOKENS`` of ``token_RT``.
    """
    some_RT = token_RT[: max(1, HARM_TOKENS // token_RT.shape[1])]
    changed = copy_sharing(model)
    expected_NV = _log_shares(changed, some_RT)
    found: dict[tuple[str, ...], float] = {}
    for unit in units(changed):
        maps = {name: changed.get_submodule(name) for name in unit}
        for name, linear in maps.items():
            assert isinstance(linear, Linear)
            replace_module(changed, name, quantize_map(linear, "int4", group=group))
        divergence_NV = expected_NV.exp() * (expected_NV - _log_shares(changed, some_RT))
        found[unit] = float(divergence_NV.sum(1).mean())
        for name, linear in maps.items():
            replace_module(changed, name, linear)
    return found


def units(model: Decoder) -> list[tuple[str, ...]]:
    """The names of all maps of the layers, those together that other programs join."""
    names = list(layer_maps(model))
    found: list[tuple[str, ...]] = []
    for name in names:
        leaf = next((leaf for together in TOGETHER for leaf in together if name.endswith(leaf)), None)
        if leaf is None:
            found.append((name,))
            continue
        together = next(together for together in TOGETHER if leaf in together)
        beginning = name.removesuffix(leaf)
        unit = tuple(beginning + other for other in together if beginning + other in names)
        if unit not in found:
            found.append(unit)
    return found


def _rounded(linear: Linear, inputs: Inputs | None, method: Method, group: int) -> Int4Linear:
    weight_OI = linear.weight.detach().float()
    importance_I = None if inputs is None else inputs.importance_I
    grid = fit_grid(weight_OI, group=group, importance_I=importance_I)
    if method == "gptq" and inputs is not None:
        code_OI = gptq_codes(weight_OI, inputs.product_II, grid)
    else:
        code_OI = grid.round(weight_OI)
    return Int4Linear.from_codes(code_OI, grid, linear.bias)


def _log_shares(model: Decoder, token_RT: Tensor) -> Tensor:
    """Log-probabilities of the next token, NV, float32."""
    rows = [model(row_T[None]).float().log_softmax(-1)[0] for row_T in token_RT]
    return torch.cat(rows)
