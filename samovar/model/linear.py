"""Linear maps that compute in the type of their input, and how one takes another's place.

Axes: I inputs, O outputs.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def cast_and_multiply(x: Tensor, weight_OI: Tensor, bias_O: Tensor | None = None) -> Tensor:
    """The map of this weight and bias, along the last axis of ``x`` and in its type."""
    return F.linear(x, weight_OI.to(x.dtype), None if bias_O is None else bias_O.to(x.dtype))


class Linear(nn.Linear):
    """A linear map whose weight is cast to the type of its input."""

    multiply: Callable[..., Tensor] = staticmethod(cast_and_multiply)
    """Training has a faster one for some processors (``products.py``)."""

    def __init__(self, inputs: int, outputs: int, *, bias: bool = False) -> None:
        super().__init__(inputs, outputs, bias=bias)

    @classmethod
    def frozen(cls, weight_OI: Tensor, bias_O: Tensor | None = None) -> Linear:
        """The map of this weight and bias, which stay as they are."""
        outputs, inputs = weight_OI.shape
        with torch.device("meta"):
            linear = cls(inputs, outputs)
        linear.weight = nn.Parameter(weight_OI, requires_grad=False)
        if bias_O is not None:
            linear.bias = nn.Parameter(bias_O, requires_grad=False)
        return linear

    def forward(self, x: Tensor) -> Tensor:
        """Apply the map to the last axis."""
        return self.multiply(x, self.weight, self.bias)


class NormedHead(Linear):
    """A head whose rows count by their direction alone, as in Baichuan 2 (Yang et al. 2023, arXiv:2309.10305)."""

    def forward(self, x: Tensor) -> Tensor:
        """Logits: the input times every row, scaled to length one."""
        return F.linear(x, F.normalize(self.weight.float(), dim=-1).to(x.dtype))


def replace_module(model: nn.Module, name: str, module: nn.Module) -> None:
    """Put ``module`` where ``name`` is."""
    parent, _, leaf = name.rpartition(".")
    setattr(model.get_submodule(parent), leaf, module)
