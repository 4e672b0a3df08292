"""Decoders whose linear maps have weights of few bits, and back."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from torch import nn

from samovar.model.decoder import Decoder
from samovar.model.int4 import GROUP, Int4Linear
from samovar.model.int8 import Int8Linear
from samovar.model.layout import HEAD
from samovar.model.linear import Linear, replace_module
from samovar.model.nf4 import Nf4Linear

MapForm = Literal["int8", "int8-dynamic", "int4", "nf4"]
"""int8: a scale a row. int8-dynamic: inputs rounded to int8 too. int4: a scale and a zero for a group of inputs.
nf4: the levels of a normal distribution."""

QuantizedLinear = Int8Linear | Int4Linear | Nf4Linear


def quantize_model(model: Decoder, form: MapForm = "int8", *, group: int = GROUP, is_symmetric: bool = True) -> Decoder:
    """A copy of ``model`` whose layers' linear maps are rounded to the nearest of ``form``; all else stays as it is.

    Args:
        model: its maps are plain.
        form: of the maps.
        group: inputs that share a scale (int4); maps whose inputs it does not divide become int8.
        is_symmetric: whether groups have no zeros of their own (int4).
    """
    quantized = copy_sharing(model)
    for name, linear in layer_maps(quantized).items():
        replace_module(quantized, name, quantize_map(linear, form, group=group, is_symmetric=is_symmetric))
    return quantized


def with_eight_bits(rounded: Decoder, model: Decoder, names: Iterable[str]) -> Decoder:
    """A copy of ``rounded`` in which the maps called ``names`` are those of ``model`` in int8."""
    mixed = copy_sharing(rounded)
    for name in names:
        linear = model.get_submodule(name)
        assert isinstance(linear, Linear)
        replace_module(mixed, name, Int8Linear.of(linear))
    return mixed


def copy_sharing(model: Decoder) -> Decoder:
    """A copy of ``model`` whose parts can be put elsewhere one by one; the tensors are the same, so that it takes no
    memory."""
    tensors = [*model.parameters(), *model.buffers()]
    return copy.deepcopy(model, {id(tensor): tensor for tensor in tensors})


def quantize_map(linear: Linear, form: MapForm, *, group: int = GROUP, is_symmetric: bool = True) -> QuantizedLinear:
    """The nearest map of ``form``; int8 where the inputs cannot be divided into groups."""
    if form == "nf4":
        return Nf4Linear.of(linear)
    if form == "int4" and not linear.in_features % group:
        return Int4Linear.of(linear, group=group, is_symmetric=is_symmetric)
    return Int8Linear.of(linear, is_dynamic=form == "int8-dynamic")


def dequantize_model(model: Decoder) -> Decoder:
    """A copy of ``model`` in float32 with ordinary linear maps of exactly the same values."""
    plain = copy.deepcopy(model)
    for name, quantized in quantized_maps(model).items():
        bias_O = None if quantized.bias is None else quantized.bias.clone()
        replace_module(plain, name, Linear.frozen(quantized.dequantize(), bias_O))
    return plain.float()


def is_quantized(model: Decoder) -> bool:
    """Whether any linear map of ``model`` has weights of few bits."""
    return any(isinstance(module, QuantizedLinear) for module in model.modules())


def quantized_maps(model: nn.Module) -> dict[str, QuantizedLinear]:
    """The maps with weights of few bits, by name."""
    return {name: module for name, module in model.named_modules() if isinstance(module, QuantizedLinear)}


def layer_maps(model: nn.Module) -> dict[str, Linear]:
    """The plain linear maps by name, but for the head."""
    return {name: module for name, module in model.named_modules() if isinstance(module, Linear) and name != HEAD}


def stored_bytes(state: Mapping[str, Any]) -> int:
    """Bytes of tensors as folders store them: floats in bfloat16."""
    return sum(
        tensor.numel() * (2 if tensor.is_floating_point() else tensor.element_size()) for tensor in state.values()
    )
