"""``quantization_config`` of config.json: written for a decoder, and modules made ready for what it says.

int8 and int4 are compressed-tensors' "int-quantized" and "pack-quantized", a group of maps each; which transformers,
vLLM and llm-compressor know. NF4 is bitsandbytes', which transformers and vLLM know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from samovar.core.errors import ConfigError
from samovar.model.int4 import Int4Linear
from samovar.model.int8 import Int8Linear
from samovar.model.layout import HEAD, Layout
from samovar.model.linear import Linear, replace_module
from samovar.model.nf4 import BLOCK, Nf4Linear, prepare_nf4
from samovar.model.quantized import QuantizedLinear, layer_maps, quantized_maps

_UNSAID: dict[str, Any] = {"block_structure": None, "actorder": None, "observer": "minmax", "observer_kwargs": {}}
_ROWS = {"num_bits": 8, "type": "int", "symmetric": True, "strategy": "channel", "dynamic": False, "group_size": None}
_TOKENS = {"num_bits": 8, "type": "int", "symmetric": True, "strategy": "token", "dynamic": True, "group_size": None}
_NF4 = {
    "quant_method": "bitsandbytes",
    "load_in_4bit": True,
    "load_in_8bit": False,
    "bnb_4bit_quant_type": "nf4",
    "bnb_4bit_use_double_quant": True,
    "bnb_4bit_quant_storage": "uint8",
    "bnb_4bit_compute_dtype": "bfloat16",
    "llm_int8_skip_modules": [HEAD],
}


def write_config(model: nn.Module, layout: Layout) -> dict[str, Any]:
    """What config.json says of the maps of ``model`` that have weights of few bits.

    Args:
        model: a decoder with such maps.
        layout: of its family.
    Raises:
        ConfigError: the format cannot say it: the family joins or turns over the maps, or NF4 and others are mixed.
    """
    found = quantized_maps(model)
    check_storable(found.values(), layout)
    if all(isinstance(module, Nf4Linear) for module in found.values()):
        return dict(_NF4)
    groups: list[tuple[dict[str, Any], list[str]]] = []
    for name, module in found.items():
        scheme = _scheme(module)
        its_names = next((names for said, names in groups if said == scheme), None)
        if its_names is None:
            its_names = []
            groups.append((scheme, its_names))
        its_names.append(layout.prefix + name)
    plain = [layout.prefix + name for name in layer_maps(model)]
    is_one = len(groups) == 1
    return {
        "quant_method": "compressed-tensors",
        "format": groups[0][0]["format"] if is_one else "mixed-precision",
        "quantization_status": "compressed",
        "config_groups": {
            f"group_{number}": {"targets": ["Linear"] if is_one else names} | scheme
            for number, (scheme, names) in enumerate(groups)
        },
        "ignore": [HEAD, *plain],
        "kv_cache_scheme": None,
    }


def check_storable(modules: Iterable[QuantizedLinear], layout: Layout) -> None:
    """See that a folder of the family can hold these maps.

    Raises:
        ConfigError: it cannot.
    """
    kinds = {type(module) for module in modules}
    four = kinds & {Int4Linear, Nf4Linear}
    if four and (layout.fused or layout.transposed):
        raise ConfigError(
            "folders of this family hold maps joined or inputs first, which weights of four bits cannot be stored as",
            hint="take int8",
        )
    if Nf4Linear in kinds and len(kinds) > 1:
        raise ConfigError("NF4 cannot be stored beside other forms", hint="take one form for all maps")
    for module in modules:
        if isinstance(module, Nf4Linear) and module.in_features * module.out_features % BLOCK:
            raise ConfigError(
                f"a map of {module.out_features} x {module.in_features} cannot be stored in NF4: its blocks are of "
                f"{BLOCK} numbers",
                hint="take int4 or int8",
            )


def prepare(model: nn.Module, config: Mapping[str, Any], layout: Layout) -> None:
    """Swap in, on the device that ``model`` is on, the modules that weights stored under ``config`` fit.

    Args:
        model: a decoder of plain maps.
        config: ``quantization_config``.
        layout: of its family; names in ``config`` are the family's.
    Raises:
        ConfigError: a quantization that is not known here.
    """
    if config.get("quant_method") == "bitsandbytes":
        _check_nf4(config)
        prepare_nf4(model)
        return
    groups = list((config.get("config_groups") or {}).values())
    if not groups:
        raise _unknown(config, {})
    for name, linear in layer_maps(model).items():
        theirs = layout.prefix + name
        group = None if _names(config.get("ignore"), theirs) else _group_of(theirs, groups)
        if group is not None:
            with linear.weight.device:
                replace_module(model, name, _empty(linear, group, config))


def _scheme(module: QuantizedLinear) -> dict[str, Any]:
    """What a group of ``config_groups`` says of such a map."""
    if isinstance(module, Int8Linear):
        inputs = _TOKENS | _UNSAID if module.is_dynamic else None
        said: dict[str, Any] = {"weights": _ROWS | _UNSAID, "format": "int-quantized", "input_activations": inputs}
    elif isinstance(module, Int4Linear):
        weights = _ROWS | {"num_bits": 4, "strategy": "group", "group_size": module.group}
        weights |= {"symmetric": module.is_symmetric, **_UNSAID}
        said = {"weights": weights, "format": "pack-quantized", "input_activations": None}
    else:
        raise ConfigError("NF4 cannot be stored beside other forms", hint="take one form for all maps")
    return said | {"output_activations": None}


def _empty(linear: Linear, group: Mapping[str, Any], config: Mapping[str, Any]) -> QuantizedLinear:
    """The map in the place of ``linear`` that weights of ``group`` fit.

    Raises:
        ConfigError: its scheme is not known here.
    """
    inputs, outputs, bias = linear.in_features, linear.out_features, linear.bias is not None
    weights, activations = group.get("weights") or {}, group.get("input_activations")
    kind = group.get("format") or config.get("format")
    scheme = (kind, weights.get("num_bits"), weights.get("type"), weights.get("strategy"))
    if scheme == ("int-quantized", 8, "int", "channel") and weights.get("symmetric"):
        said = activations or {}
        if not said or (said.get("num_bits"), said.get("dynamic"), said.get("strategy")) == (8, True, "token"):
            return Int8Linear(inputs, outputs, bias=bias, is_dynamic=bool(said))
    size = weights.get("group_size") if weights.get("strategy") == "group" else inputs
    is_in_order = weights.get("actorder") in (None, False, "static", "weight")
    is_packed = scheme[:3] == ("pack-quantized", 4, "int") and scheme[3] in ("group", "channel") and not activations
    if is_packed and is_in_order and size and not inputs % size:
        return Int4Linear(inputs, outputs, group=size, is_symmetric=bool(weights.get("symmetric")), bias=bias)
    raise _unknown(config, weights)


def _unknown(config: Mapping[str, Any], weights: Mapping[str, Any]) -> ConfigError:
    found = {key: weights.get(key) for key in ("num_bits", "type", "strategy", "symmetric", "group_size", "actorder")}
    return ConfigError(
        f"the model is quantized as {config.get('quant_method')} {config.get('format')} {found}",
        hint="samovar opens compressed-tensors' int8 with one scale a channel (int-quantized) and int4 in groups "
        "(pack-quantized), and bitsandbytes' NF4 with double quantization",
    )


def _check_nf4(config: Mapping[str, Any]) -> None:
    for key in ("load_in_4bit", "bnb_4bit_quant_type", "bnb_4bit_use_double_quant"):
        if config.get(key) != _NF4[key]:
            raise ConfigError(
                f"the model is quantized by bitsandbytes with {key} = {config.get(key)!r}",
                hint=f"samovar opens NF4 with double quantization ({key} = {_NF4[key]!r})",
            )


def _group_of(name: str, groups: list[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return next((group for group in groups if _names(group.get("targets"), name)), None)


def _names(targets: Iterable[str] | None, name: str) -> bool:
    """Whether one of ``targets`` means the linear map called ``name``: its class, its name, or an expression."""
    for target in targets or ():
        pattern = target.removeprefix("re:")
        if target in ("Linear", name) or (pattern != target and re.match(pattern, name)):
            return True
    return False
