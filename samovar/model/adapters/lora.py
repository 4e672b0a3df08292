"""One linear map with a low-rank update beside it.

Axes: O outputs, I inputs, R rank.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from samovar.model.linear import Linear
from samovar.model.nf4 import Nf4Linear


class LoraLinear(nn.Module):
    """A frozen map W with a trained update: (W + scale B A) x (Hu et al. 2021, arXiv:2106.09685, section 4.1).

    With a magnitude, every row of the sum is brought to the length that the magnitude says; the length it has is taken
    as a constant by the gradient (DoRA; Liu et al. 2024, arXiv:2402.09353, sections 4.1 and 4.3).
    """

    def __init__(
        self, base: Linear | Nf4Linear, *, rank: int, scale: float, dropout: float = 0.0, has_magnitude: bool = False
    ) -> None:
        """Put an update of zero beside ``base``, in float32; ``reset`` draws one to train."""
        super().__init__()
        self.base = base.requires_grad_(False)
        self.scale, self.dropout = scale, dropout
        device = next(tensor.device for tensor in base.state_dict().values())
        self.lora_A = nn.Parameter(torch.zeros(rank, base.in_features, device=device))
        self.lora_B = nn.Parameter(torch.zeros(base.out_features, rank, device=device))
        self.magnitude = nn.Parameter(row_lengths(base_weight(base))) if has_magnitude else None

    @torch.no_grad()
    def reset(self, generator: torch.Generator) -> None:
        """Draw A as the layers of torch are drawn (He et al. 2015, with a = sqrt 5), and leave B at zero.

        So the adapted model begins as the base.
        """
        bound = self.base.in_features**-0.5
        drawn_RI = torch.empty(self.lora_A.shape).uniform_(-bound, bound, generator=generator)
        self.lora_A.copy_(drawn_RI)
        self.lora_B.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """Apply the map to the last axis, in the type of ``x``."""
        low = F.linear(F.dropout(x, self.dropout, self.training), self.lora_A.to(x.dtype))
        update = F.linear(low, (self.scale * self.lora_B).to(x.dtype))
        if self.magnitude is None:
            return self.base(x) + update
        gain_O = (self.magnitude / self._lengths()).to(x.dtype)
        if self.base.bias is None:
            return (self.base(x) + update) * gain_O
        bias_O = self.base.bias.to(x.dtype)
        return (self.base(x) - bias_O + update) * gain_O + bias_O

    @torch.no_grad()
    def merged_weight(self) -> Tensor:
        """The weight of one map that does the same, OI in float32."""
        weight_OI = self._sum()
        if self.magnitude is None:
            return weight_OI
        return weight_OI * (self.magnitude / row_lengths(weight_OI))[:, None]

    def extra_repr(self) -> str:
        """Size, for printing the model."""
        return f"rank={self.lora_A.shape[0]}, scale={self.scale:g}"

    def _sum(self) -> Tensor:
        return base_weight(self.base) + self.scale * self.lora_B @ self.lora_A

    @torch.no_grad()
    def _lengths(self) -> Tensor:
        return row_lengths(self._sum())


def base_weight(base: Linear | Nf4Linear) -> Tensor:
    """The weight of a frozen map, OI in float32."""
    return base.dequantize() if isinstance(base, Nf4Linear) else base.weight.detach().float()


def row_lengths(weight_OI: Tensor) -> Tensor:
    """Euclidean length of every row, O; never zero, as they are divided by."""
    return weight_OI.norm(dim=1).clamp_min(torch.finfo(torch.float32).tiny)
