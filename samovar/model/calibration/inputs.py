"""What comes into the linear maps of a decoder, layer by layer, while the layers before are changed already.

Axes: R rows, T tokens, B rows at once, D model width, I inputs of a map, N tokens seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from samovar.model.decoder import Decoder
from samovar.model.layers import Layer
from samovar.model.linear import Linear
from samovar.model.sight import Sight

TOKENS_AT_ONCE = 4096


@dataclass
class Inputs:
    """What came into a map."""

    product_II: Tensor
    """float32; the mean of x xᵀ."""
    size_I: Tensor
    """float32; the mean of |x|."""
    num_tokens: int = 0

    @property
    def importance_I(self) -> Tensor:
        """The mean square of each input; never all zero."""
        square_I = self.product_II.diagonal()
        return square_I if bool(square_I.any()) else torch.ones_like(square_I)

    def add(self, x_NI: Tensor) -> None:
        """Count more tokens in."""
        before, self.num_tokens = self.num_tokens, self.num_tokens + len(x_NI)
        share = before / self.num_tokens
        self.product_II.mul_(share).addmm_(x_NI.t(), x_NI, alpha=1.0 / self.num_tokens)
        self.size_I.mul_(share).add_(x_NI.abs().sum(0), alpha=1.0 / self.num_tokens)

    def divide(self, scale_I: Tensor) -> None:
        """Be what came in had every input been divided by its scale."""
        self.product_II.div_(scale_I[:, None]).div_(scale_I)
        self.size_I.div_(scale_I)


Change = Callable[[int, Layer, dict[str, Inputs]], None]
"""Called with the number of a layer, the layer, and the inputs of its linear maps by their names in it."""


@torch.no_grad()
def change_layers(model: Decoder, token_RT: Tensor, change: Change) -> None:
    """Change every layer of ``model``, in order, by what comes into it once those before are changed.

    Args:
        model: changed in place.
        token_RT: rows of text to look at.
        change: gets the inputs of a layer's maps and may put others in their place.
    """
    rows_at_once = max(1, TOKENS_AT_ONCE // token_RT.shape[1])
    batches = list(token_RT.to(model.norm.weight.device).split(rows_at_once))
    sights, first = _sights(model, batches[0])
    streams = [first, *(_sights(model, batch)[1] for batch in batches[1:])]
    for number, layer in enumerate(model.layers):
        assert isinstance(layer, Layer)
        inputs = _gather(layer, streams, sights[number])
        change(number, layer, inputs)
        del inputs
        streams = [layer(x_BTD, sights[number], None) for x_BTD in streams]


class _Stopped(Exception):
    """The layers have been asked what they are given."""


def _sights(model: Decoder, token_BT: Tensor) -> tuple[list[Sight], Tensor]:
    """What every layer is told of places, and in float32 what comes into the first: BTD."""
    sights: list[Sight] = []
    entered: list[Tensor] = []

    def passing(_: nn.Module, arguments: tuple[Tensor, Sight, None]) -> Tensor:
        entered.append(arguments[0])
        sights.append(arguments[1])
        return arguments[0]

    model_dtype, model.compute_dtype = model.compute_dtype, torch.float32
    forwards = [(layer, layer.forward) for layer in model.layers]
    try:
        for layer, _ in forwards:
            layer.forward = lambda *arguments, layer=layer: passing(layer, arguments)
        model.hidden(token_BT)
    finally:
        model.compute_dtype = model_dtype
        for layer, _ in forwards:
            del layer.forward
    return sights, entered[0]


def _gather(layer: Layer, streams: list[Tensor], sight: Sight) -> dict[str, Inputs]:
    """What comes into each linear map of ``layer``; maps that are given the same have one account together."""
    found: dict[str, Inputs] = {}
    last: tuple[Tensor, Inputs] | None = None

    def note(name: str, x: Tensor) -> None:
        nonlocal last
        if last is not None and last[0] is x:
            found.setdefault(name, last[1])
            return
        if name not in found:
            width = x.shape[-1]
            found[name] = Inputs(x.new_zeros(width, width), x.new_zeros(width))
        found[name].add(x.reshape(-1, x.shape[-1]))
        last = x, found[name]

    maps = {name: module for name, module in layer.named_modules() if isinstance(module, Linear)}
    hooks = [
        module.register_forward_pre_hook(lambda _, arguments, name=name: note(name, arguments[0]))
        for name, module in maps.items()
    ]
    try:
        for x_BTD in streams:
            layer(x_BTD, sight, None)
    finally:
        for hook in hooks:
            hook.remove()
    return found
