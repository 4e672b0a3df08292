"""Many adapters on one model at once: every token is computed with the adapter of its own request.

Axes: N tokens of a forward pass, M tokens of one adapter, I inputs, O outputs, R rank.

The model's own product is computed once for all tokens; the low-rank part of each adapter for its tokens alone (Chen et
al. 2023, arXiv:2310.18547, section 4; without its fused kernel). Nothing of the model is changed or replaced: who reads
its maps finds them as they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from samovar.core.errors import ConfigError, MissingError
from samovar.model.adapters.folders import check_base, fitting
from samovar.model.adapters.lora import row_lengths
from samovar.model.adapters.peft_folder import read_adapter
from samovar.model.adapters.peft_names import LowRank
from samovar.model.decoder import Decoder
from samovar.model.layout import HEAD
from samovar.model.linear import Linear
from samovar.model.quantized import QuantizedLinear, is_quantized


class _Part(NamedTuple):
    """One adapter of one map, ready to be added."""

    a_RI: Tensor
    b_OR: Tensor
    """The scale is in it."""
    gain_O: Tensor | None
    """What the rows of the sum are multiplied by (DoRA)."""


class AdapterBank:
    """The adapters that requests may name, beside one model. Not safe for threads: it goes with the engine's."""

    def __init__(self, model: Decoder) -> None:
        self.model = model
        self._maps: dict[str, nn.Module] = {
            name: module
            for name, module in model.named_modules()
            if isinstance(module, Linear | QuantizedLinear) and name != HEAD
        }
        self._parts: dict[str, dict[str, _Part]] = {}
        """Name of an adapter -> name of a map -> its part."""
        self._rows: dict[str, Tensor | None] = {}
        """Of the pass going on: name of an adapter -> numbers of its tokens; None: of all."""
        self._hooked: set[str] = set()

    @property
    def names(self) -> list[str]:
        """The adapters there are, in the order of loading."""
        return list(self._parts)

    def load(self, name: str, folder: Path, *, base: Path | None = None) -> None:
        """Take the adapter in ``folder``, in PEFT's format, under ``name``.

        Args:
            name: what requests call it.
            folder: of the adapter.
            base: the model's folder, to see that the adapter was trained on it. One that is quantized has other weights
                than the adapter knows: there, shapes alone are compared.
        Raises:
            ConfigError: the name is taken, or the adapter is of another model or of experts.
            MissingError, CorruptError: files are missing or damaged.
        """
        if name in self._parts:
            raise ConfigError(f"there is an adapter {name!r} already", hint="give each a name of its own")
        saved = read_adapter(folder)
        shapes = {
            name: (_sized(module).out_features, _sized(module).in_features) for name, module in self._maps.items()
        }
        ours = fitting(shapes, self.model.settings, saved)
        if any(".experts." in map_name for map_name in ours):
            raise ConfigError(
                f"{folder} adapts experts, which see a part of the tokens each: that cannot be done by request",
                hint="merge it into the model (samovar merge) and serve that",
            )
        if base is not None and not is_quantized(self.model):
            check_base(saved, base)
        self._parts[name] = {map_name: self._part(map_name, part) for map_name, part in ours.items()}
        for map_name in ours.keys() - self._hooked:
            self._maps[map_name].register_forward_hook(self._hook(map_name))
            self._hooked.add(map_name)

    def check(self, name: str) -> None:
        """See that there is such an adapter.

        Raises:
            MissingError: there is none.
        """
        if name not in self._parts:
            raise MissingError(f"there is no adapter {name!r}", hint=f"there are: {', '.join(self._parts) or 'none'}")

    @contextmanager
    def using(
        self, adapters: Sequence[str | None], lengths: Sequence[int], *, place_N: Tensor | None = None
    ) -> Iterator[None]:
        """Within it, forward passes over a flat row of sequences use the adapter of each.

        Args:
            adapters: of each sequence; None is the model itself.
            lengths: new tokens of each, one sequence behind the other.
            place_N: where each of these tokens stands in the pass, if not in this order.
        Raises:
            MissingError: there is no such adapter.
        """
        rows = self._tokens_of(adapters, lengths)
        if place_N is not None:
            rows = {name: None if own is None else place_N[own] for name, own in rows.items()}
        self._rows = rows
        try:
            yield
        finally:
            self._rows = {}

    def _tokens_of(self, adapters: Sequence[str | None], lengths: Sequence[int]) -> dict[str, Tensor | None]:
        device = self.model.norm.weight.device
        chosen = dict.fromkeys(name for name in adapters if name is not None)
        for name in chosen:
            self.check(name)
        if len(chosen) == 1 and None not in adapters:
            return dict.fromkeys(chosen)
        numbers: dict[str, list[int]] = {name: [] for name in chosen}
        first = 0
        for adapter, length in zip(adapters, lengths, strict=True):
            if adapter is not None:
                numbers[adapter] += range(first, first + length)
            first += length
        return {name: torch.tensor(own, device=device) for name, own in numbers.items()}

    def _part(self, name: str, part: LowRank) -> _Part:
        """The numbers of an adapter of the map called ``name``, on its device."""
        module = self._maps[name]
        device = self.model.norm.weight.device
        a_RI, b_OR = part.a_RI.to(device), (part.scale * part.b_OR).to(device)
        if part.magnitude_O is None:
            return _Part(a_RI, b_OR, None)
        weight_OI = module.dequantize() if isinstance(module, QuantizedLinear) else _sized(module).weight.float()
        return _Part(a_RI, b_OR, part.magnitude_O.to(device) / row_lengths(weight_OI + b_OR @ a_RI))

    def _hook(self, name: str) -> Any:
        """Adds to the output of the map called ``name`` what the adapters in use add."""

        def add(module: nn.Module, arguments: tuple[Tensor], y: Tensor) -> Tensor:
            for adapter, row_M in self._rows.items():
                part = self._parts[adapter].get(name)
                if part is not None:
                    y = _adapted(module, part, arguments[0], y, row_M)
            return y

        return add


def load_bank(model: Decoder, folders: Mapping[str, Path], *, base: Path) -> AdapterBank:
    """The bank of all adapters in ``folders``, by name; ``base`` is the model's folder.

    Raises:
        ConfigError, MissingError, CorruptError: one of them cannot be taken.
    """
    bank = AdapterBank(model)
    for name, folder in folders.items():
        bank.load(name, folder, base=base)
    return bank


def _adapted(module: nn.Module, part: _Part, x: Tensor, y: Tensor, row_M: Tensor | None) -> Tensor:
    """The output with an adapter's part in the rows that are its own."""
    x_NI, y_NO = x.reshape(-1, x.shape[-1]), y.reshape(-1, y.shape[-1])
    x_MI, y_MO = (x_NI, y_NO) if row_M is None else (x_NI[row_M], y_NO[row_M])
    new_MO = y_MO + F.linear(F.linear(x_MI, part.a_RI.to(x.dtype)), part.b_OR.to(x.dtype))
    if part.gain_O is not None:
        gain_O = part.gain_O.to(y.dtype)
        new_MO = new_MO * gain_O
        if _sized(module).bias is not None:
            new_MO = new_MO + _sized(module).bias.to(y.dtype) * (1.0 - gain_O)
    return (new_MO if row_M is None else y_NO.index_copy(0, row_M, new_MO)).view_as(y)


def _sized(module: nn.Module) -> Any:
    """A linear map of any kind: it has ``in_features``, ``out_features`` and ``bias``."""
    return module
