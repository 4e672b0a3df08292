"""Feed-forward blocks: what is done to every token alone.

Axes: B batch, T tokens, D model width.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from samovar.model.linear import Linear
from samovar.model.settings import Activation, DecoderSettings


class GatedMLP(nn.Module):
    """The gated feed-forward block: SwiGLU with SiLU, GeGLU with GELU (Shazeer 2020, arXiv:2002.05202)."""

    def __init__(self, settings: DecoderSettings, hidden: int | None = None) -> None:
        super().__init__()
        width, hidden, bias = settings.hidden_size, hidden or settings.intermediate_size, settings.mlp_bias
        self.gate_proj = Linear(width, hidden, bias=bias)
        self.up_proj = Linear(width, hidden, bias=bias)
        self.down_proj = Linear(hidden, width, bias=bias)
        self.activation = activation(settings.activation)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Apply the block to every token alone."""
        return self.down_proj(self.gated(self.gate_proj(x_BTD), self.up_proj(x_BTD)))

    def gated(self, gate: Tensor, up: Tensor) -> Tensor:
        """What the gate lets through. Training has a faster one for some processors (``gate.py``)."""
        return self.activation(gate) * up


class PlainMLP(nn.Module):
    """The feed-forward block without a gate (Vaswani et al. 2017, arXiv:1706.03762, section 3.3)."""

    def __init__(self, settings: DecoderSettings, hidden: int | None = None) -> None:
        super().__init__()
        width, hidden, bias = settings.hidden_size, hidden or settings.intermediate_size, settings.mlp_bias
        self.up_proj = Linear(width, hidden, bias=bias)
        self.down_proj = Linear(hidden, width, bias=bias)
        self.activation = activation(settings.activation)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Apply the block to every token alone."""
        return self.down_proj(self.activation(self.up_proj(x_BTD)))


def make_mlp(settings: DecoderSettings, hidden: int | None = None) -> GatedMLP | PlainMLP:
    """A feed-forward block of the kind that the decoder has; ``hidden`` is its hidden width where it is its own."""
    return GatedMLP(settings, hidden) if settings.mlp == "gated" else PlainMLP(settings, hidden)


def activation(name: Activation) -> Callable[[Tensor], Tensor]:
    """The activation function of this name."""
    functions: dict[Activation, Callable[[Tensor], Tensor]] = {
        "silu": F.silu,
        "gelu": F.gelu,
        "gelu_tanh": _gelu_tanh,
        "relu": torch.relu,
        "relu_squared": _relu_squared,
    }
    return functions[name]


def _gelu_tanh(x: Tensor) -> Tensor:
    return F.gelu(x, approximate="tanh")


def _relu_squared(x: Tensor) -> Tensor:
    return torch.relu(x).square()
