"""Linear maps that compute in the type of their input."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class Linear(nn.Linear):
    """A linear map whose weight is cast to the type of its input."""

    def __init__(self, inputs: int, outputs: int, *, bias: bool = False) -> None:
        super().__init__(inputs, outputs, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the map to the last axis."""
        return F.linear(x, self.weight.to(x.dtype), None if self.bias is None else self.bias.to(x.dtype))


class NormedHead(Linear):
    """A head whose rows count by their direction alone, as in Baichuan 2 (Yang et al. 2023, arXiv:2309.10305)."""

    def forward(self, x: Tensor) -> Tensor:
        """Logits: the input times every row, scaled to length one."""
        return F.linear(x, F.normalize(self.weight.float(), dim=-1).to(x.dtype))
