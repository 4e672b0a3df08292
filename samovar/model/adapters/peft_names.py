"""Adapters of our maps as adapters of Hugging Face's modules, and back.

Axes: O outputs, I inputs, R rank.

Most modules differ by name alone. Where a family keeps queries, keys and values in one matrix, their three adapters
are one: its A has the rows of all three, its B their columns, each in its own rows of the matrix. Back, each of the
three takes the whole A and its own rows of B. Both ways are exact, rows' magnitudes too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from samovar.model.adapters.attach import adapted, linear_maps
from samovar.model.adapters.lora import LoraLinear, base_weight, row_lengths
from samovar.model.checkpoint import family
from samovar.model.decoder import Decoder
from samovar.model.layout import Layout
from samovar.model.linear import Linear
from samovar.model.nf4 import Nf4Linear
from samovar.model.settings import DecoderSettings

_B, _MAGNITUDE = ".lora_B", ".magnitude"


class LowRank(NamedTuple):
    """The numbers of the adapter of one map."""

    a_RI: Tensor
    b_OR: Tensor
    magnitude_O: Tensor | None
    scale: float

    @property
    def rank(self) -> int:
        """Rows of A."""
        return self.a_RI.shape[0]


def to_theirs(model: Decoder) -> dict[str, LowRank]:
    """The adapters of ``model`` by the names of Hugging Face's modules."""
    layout = _layout(model.settings)
    theirs: dict[str, LowRank] = {}
    done: set[str] = set()
    for name, module in adapted(model).items():
        if name in done:
            continue
        parts = {name: low_rank(module)}
        if layout.fused is not None and name.endswith((".q_proj", ".k_proj", ".v_proj")):
            parts = _joinable(model, name.rpartition(".")[0])
        done |= parts.keys()
        theirs |= _named(parts, layout, model.settings)
    return theirs


def to_ours(theirs: Mapping[str, LowRank], settings: DecoderSettings) -> dict[str, LowRank]:
    """Adapters by the names of our maps; names that are not known are kept as they are."""
    layout = _layout(settings)
    ours: dict[str, LowRank] = {}
    for name, part in theirs.items():
        tensors = {name + _B: part.b_OR}
        if part.magnitude_O is not None:
            tensors[name + _MAGNITUDE] = part.magnitude_O
        split = layout.to_ours(tensors, settings)
        modules = [key.removesuffix(_B) for key in split if key.endswith(_B)]
        for module in modules:
            ours[module] = part._replace(b_OR=split[module + _B], magnitude_O=split.get(module + _MAGNITUDE))
        if not modules:  # the layout knows it as a copy of something else
            ours[name] = part
    return ours


def their_modules(model: Decoder) -> set[str]:
    """Hugging Face's names of all linear maps of ``model``'s layers."""
    with torch.device("meta"):
        rows = {name + _B: torch.empty(_outputs(module), 1) for name, module in linear_maps(model).items()}
    return {key.removesuffix(_B) for key in _layout(model.settings).to_theirs(rows, model.settings)}


def low_rank(module: LoraLinear) -> LowRank:
    """The numbers of ``module``'s adapter."""
    magnitude_O = None if module.magnitude is None else module.magnitude.detach()
    return LowRank(module.lora_A.detach(), module.lora_B.detach(), magnitude_O, module.scale)


def _outputs(module: Linear | Nf4Linear | LoraLinear) -> int:
    return module.base.out_features if isinstance(module, LoraLinear) else module.out_features


def _layout(settings: DecoderSettings) -> Layout:
    return family(settings.family).layout(settings)


def _named(parts: Mapping[str, LowRank], layout: Layout, settings: DecoderSettings) -> dict[str, LowRank]:
    """``parts``, which are one module of theirs, as that module's."""
    first = next(iter(parts.values()))
    (their_b,) = layout.to_theirs({name + _B: part.b_OR for name, part in parts.items()}, settings).items()
    magnitude_O = None
    if first.magnitude_O is not None:
        lengths = {name + _MAGNITUDE: part.magnitude_O for name, part in parts.items() if part.magnitude_O is not None}
        (magnitude_O,) = layout.to_theirs(lengths, settings).values()
    return {their_b[0].removesuffix(_B): LowRank(first.a_RI, their_b[1], magnitude_O, first.scale)}


def _joinable(model: Decoder, attention: str) -> dict[str, LowRank]:
    """The adapters of a layer's queries, keys and values over one A; those that have none add nothing."""
    maps = linear_maps(model)
    modules = {name: maps[name] for name in (f"{attention}.{part}_proj" for part in "qkv")}
    found = {name: low_rank(module) for name, module in modules.items() if isinstance(module, LoraLinear)}
    first = next(iter(found.values()))
    a_RI = torch.cat([part.a_RI for part in found.values()])
    joinable: dict[str, LowRank] = {}
    row = 0
    for name, module in modules.items():
        base = module.base if isinstance(module, LoraLinear) else module
        b_OR = torch.zeros(base.out_features, len(a_RI), device=a_RI.device)
        magnitude_O = None if first.magnitude_O is None else row_lengths(base_weight(base))
        if name in found:
            part = found[name]
            b_OR[:, row : row + part.rank] = part.b_OR * (part.scale / first.scale)
            row += part.rank
            magnitude_O = part.magnitude_O
        joinable[name] = LowRank(a_RI, b_OR, magnitude_O, first.scale)
    return joinable
