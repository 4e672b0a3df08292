"""Put adapters beside a model's linear maps, and merge them in."""

from __future__ import annotations

import difflib

import torch
from torch import Tensor

from samovar.core.errors import ConfigError
from samovar.model.adapters.lora import LoraLinear
from samovar.model.adapters.settings import AdapterSettings
from samovar.model.decoder import Decoder
from samovar.model.linear import Linear, replace_module
from samovar.model.nf4 import Nf4Linear


def attach(model: Decoder, settings: AdapterSettings, *, seed: int) -> None:
    """Freeze ``model`` and put fresh adapters beside the maps that ``settings`` names.

    Raises:
        ConfigError: it has no such maps.
    """
    model.requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    for name, base in _chosen(model, settings.targets).items():
        adapted = LoraLinear(
            base,
            rank=settings.rank,
            scale=settings.scale,
            dropout=settings.dropout,
            has_magnitude=settings.use_dora,
        )
        adapted.reset(generator)
        replace_module(model, name, adapted)


def linear_maps(model: Decoder) -> dict[str, Linear | Nf4Linear | LoraLinear]:
    """The linear maps of the layers by name, those with an adapter among them."""
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, Linear | Nf4Linear | LoraLinear)
        and name.startswith("layers.")
        and not name.endswith(".base")
    }


def adaptable(model: Decoder) -> dict[str, Linear | Nf4Linear]:
    """The linear maps of the layers by name, of a model that has no adapter yet.

    Raises:
        ConfigError: it has one; or no such maps, as they are rounded to int8 or int4.
    """
    maps = linear_maps(model)
    found = {name: module for name, module in maps.items() if not isinstance(module, LoraLinear)}
    if len(found) < len(maps):
        raise ConfigError("the model has an adapter already", hint="merge that one into it first")
    if not found:
        raise ConfigError(
            "the model has no linear maps that an adapter can stand beside: its weights are rounded to int8 or int4",
            hint="name the model before quantization",
        )
    return found


def adapted(model: Decoder) -> dict[str, LoraLinear]:
    """The maps that have an adapter, by name."""
    return {name: module for name, module in model.named_modules() if isinstance(module, LoraLinear)}


@torch.no_grad()
def merge(model: Decoder, dtype: torch.dtype | None = None) -> None:
    """Put a plain linear map in the place of every adapted one, and of every four-bit one.

    Args:
        dtype: of the new weights; by default the embedding's. The sum is made in float32 and rounded once.
    """
    dtype = dtype or model.embed_tokens.weight.dtype
    for name, module in list(model.named_modules()):
        if isinstance(module, LoraLinear):
            replace_module(model, name, _plain(module.merged_weight().to(dtype), module.base.bias))
    for name, module in list(model.named_modules()):
        if isinstance(module, Nf4Linear):
            replace_module(model, name, _plain(module.dequantize().to(dtype), module.bias))


def _plain(weight_OI: Tensor, bias_O: Tensor | None) -> Linear:
    return Linear.frozen(weight_OI, None if bias_O is None else bias_O.detach().to(weight_OI.dtype))


def _chosen(model: Decoder, targets: list[str] | None) -> dict[str, Linear | Nf4Linear]:
    every = adaptable(model)
    if targets is None:
        return {name: module for name, module in every.items() if ".experts." not in name}
    known = sorted({name.rpartition(".")[2] for name in every})
    for target in targets:
        if target not in known:
            near = difflib.get_close_matches(target, known, n=1)
            meant = f" (did you mean {near[0]!r}?)" if near else ""
            raise ConfigError(
                f"the model has no linear map called {target!r}{meant}", hint=f"its maps are {', '.join(known)}"
            )
    return {name: module for name, module in every.items() if name.rpartition(".")[2] in targets}
