"""Normalisation of activations, over the last axis and in float32 whatever comes in."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from samovar.model.settings import DecoderSettings


class RMSNorm(nn.Module):
    """Root-mean-square normalisation (Zhang and Sennrich 2019, arXiv:1910.07467)."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Normalise; the result has the type of ``x``."""
        return F.rms_norm(x.float(), self.weight.shape, self.weight.float(), self.eps).to(x.dtype)


class ShiftedRMSNorm(RMSNorm):
    """RMSNorm whose weight is stored as its distance from one, as Gemma has it: small in bfloat16, and so exact."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__(width, eps)
        self.weight = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise; the result has the type of ``x``."""
        return F.rms_norm(x.float(), self.weight.shape, 1.0 + self.weight.float(), self.eps).to(x.dtype)


class LayerNorm(nn.Module):
    """Normalisation to mean zero and variance one (Ba et al. 2016, arXiv:1607.06450)."""

    def __init__(self, width: int, eps: float, *, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width)) if bias else None
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Normalise; the result has the type of ``x``."""
        bias = None if self.bias is None else self.bias.float()
        return F.layer_norm(x.float(), self.weight.shape, self.weight.float(), bias, self.eps).to(x.dtype)


def make_norm(settings: DecoderSettings, width: int | None = None) -> RMSNorm | LayerNorm:
    """A norm of the kind that the decoder has, over ``width`` numbers; by default over the model's width."""
    width, eps = width or settings.hidden_size, settings.norm_eps
    if settings.norm == "rms":
        return RMSNorm(width, eps)
    if settings.norm == "shifted_rms":
        return ShiftedRMSNorm(width, eps)
    return LayerNorm(width, eps, bias=settings.norm == "layer")
