"""Linear maps with weights of four bits: whole numbers 0..15 under a scale and a zero for every group of inputs.

Axes: M rows of input, I inputs, O outputs, G groups of inputs, S inputs of a group, W words of eight numbers.

A weight is ``(code - zero) * scale``. Modules hold, and folders store, compressed-tensors' "pack-quantized" layout,
which transformers, vLLM and llm-compressor know: eight codes in an int32, the first in its lowest bits.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from samovar.model.int8 import fast_dtype

LEVELS = 16
MIDDLE = 8
"""The zero of symmetric groups."""
GROUP = 32
"""Inputs that share a scale by default. 4 + 16 / 32 bits a weight, and 4 / 32 for the zero where there is one."""
SHRINKS = tuple(1.0 - 0.05 * step for step in range(9))
"""Shares of a group's range that are tried: a smaller step for most numbers against the cutting of the largest."""
KERNEL_GROUPS, KERNEL_OUTPUTS, KERNEL_ROWS = (32, 64, 128, 256), 16, 64
"""What torch's kernel takes: sizes of groups, what divides the outputs, and rows up to which it is used."""


class Grid(NamedTuple):
    """The numbers that the weights of each group may be."""

    scale_OG: Tensor
    """float32, exact in bfloat16, above zero."""
    zero_OG: Tensor
    """float32, whole, 0..15."""

    def round(self, weight_OI: Tensor) -> Tensor:
        """The nearest codes, uint8, OI."""
        scale_OI, zero_OI = self.spread(weight_OI.shape[1])
        return ((weight_OI / scale_OI).round() + zero_OI).clamp(0, LEVELS - 1).to(torch.uint8)

    def weight(self, code_OI: Tensor) -> Tensor:
        """What codes stand for, float32, OI."""
        scale_OI, zero_OI = self.spread(code_OI.shape[1])
        return (code_OI.float() - zero_OI) * scale_OI

    def spread(self, inputs: int) -> tuple[Tensor, Tensor]:
        """Scale and zero of every weight, OI."""
        size = inputs // self.scale_OG.shape[1]
        return self.scale_OG.repeat_interleave(size, dim=1), self.zero_OG.repeat_interleave(size, dim=1)


@torch.no_grad()
def fit_grid(
    weight_OI: Tensor, *, group: int = GROUP, is_symmetric: bool = True, importance_I: Tensor | None = None
) -> Grid:
    """The grid on which rounding to the nearest errs least, among those of ``SHRINKS``.

    Args:
        weight_OI: the weights.
        group: inputs of a group; divides I.
        is_symmetric: whether zero is always the code 8.
        importance_I: what an input's squared errors count, as the mean square of what comes in there; by default alike.
    """
    weight_OGS = weight_OI.float().unflatten(1, (-1, group))
    counts_GS = 1.0 if importance_I is None else importance_I.float().view(-1, group)
    best = _grid(weight_OGS, 1.0, is_symmetric)
    least_OG = torch.full_like(best.scale_OG, torch.inf)
    for shrink in SHRINKS:
        grid = _grid(weight_OGS, shrink, is_symmetric)
        error_OI = grid.weight(grid.round(weight_OI.float())) - weight_OI.float()
        error_OG = (error_OI.unflatten(1, (-1, group)).square() * counts_GS).sum(2)
        is_better_OG = error_OG < least_OG
        least_OG = torch.where(is_better_OG, error_OG, least_OG)
        best = Grid(*(torch.where(is_better_OG, *pair) for pair in zip(grid, best, strict=True)))
    return best


def pack(code_RI: Tensor) -> Tensor:
    """Codes as words, int32, RW; the last word of a row is filled up with zeros."""
    padded = F.pad(code_RI.to(torch.uint8), (0, -code_RI.shape[1] % 8))
    byte = padded[:, 0::2] | padded[:, 1::2] << 4
    return byte.clone(memory_format=torch.contiguous_format).view(torch.int32)


def unpack(word_RW: Tensor, inputs: int) -> Tensor:
    """Codes out of words, uint8, RI."""
    byte = word_RW.clone(memory_format=torch.contiguous_format).view(torch.uint8)
    return torch.stack((byte & 0xF, byte >> 4), dim=-1).flatten(1)[:, :inputs]


class Int4Linear(nn.Module):
    """A linear map whose weight has four bits a number."""

    weight_packed: Tensor
    weight_scale: Tensor
    weight_zero_point: Tensor | None
    weight_shape: Tensor
    bias: Tensor | None

    def __init__(
        self, inputs: int, outputs: int, *, group: int = GROUP, is_symmetric: bool = True, bias: bool = False
    ) -> None:
        """Zeros, to be filled; ``group`` divides ``inputs``."""
        super().__init__()
        self.in_features, self.out_features, self.group = inputs, outputs, group
        groups, words = inputs // group, -(-inputs // 8)
        self.register_buffer("weight_packed", torch.zeros(outputs, words, dtype=torch.int32))
        self.register_buffer("weight_scale", torch.ones(outputs, groups))
        zeros = None if is_symmetric else torch.zeros(-(-outputs // 8), groups, dtype=torch.int32)
        self.register_buffer("weight_zero_point", zeros)
        self.register_buffer("weight_shape", torch.tensor([outputs, inputs]))
        self.register_buffer("bias", torch.zeros(outputs) if bias else None)
        self._kernel: tuple[Tensor, Tensor] | None = None

    @classmethod
    def of(cls, linear: nn.Linear, *, group: int = GROUP, is_symmetric: bool = True) -> Int4Linear:
        """The nearest four-bit map to ``linear``."""
        grid = fit_grid(linear.weight.detach(), group=group, is_symmetric=is_symmetric)
        return cls.from_codes(grid.round(linear.weight.detach().float()), grid, linear.bias, is_symmetric=is_symmetric)

    @classmethod
    def from_codes(
        cls, code_OI: Tensor, grid: Grid, bias_O: Tensor | None = None, *, is_symmetric: bool = True
    ) -> Int4Linear:
        """The map with these weights."""
        outputs, inputs = code_OI.shape
        made = cls(inputs, outputs, group=inputs // grid.scale_OG.shape[1], is_symmetric=is_symmetric)
        made.weight_packed, made.weight_scale = pack(code_OI), grid.scale_OG
        if not is_symmetric:
            made.weight_zero_point = pack(grid.zero_OG.t()).t().contiguous()
        made.bias = None if bias_O is None else bias_O.detach().clone()
        return made

    @property
    def is_symmetric(self) -> bool:
        """Whether zero is always the code 8."""
        return self.weight_zero_point is None

    def codes(self) -> Tensor:
        """uint8, 0..15, OI."""
        return unpack(self.weight_packed, self.in_features)

    def grid(self) -> Grid:
        """Scale and zero of every group."""
        scale_OG = self.weight_scale.float()
        if self.weight_zero_point is None:
            return Grid(scale_OG, torch.full_like(scale_OG, MIDDLE))
        return Grid(scale_OG, unpack(self.weight_zero_point.t(), self.out_features).t().float())

    def dequantize(self) -> Tensor:
        """The weight as float32, OI; exact."""
        return self.grid().weight(self.codes())

    def forward(self, x: Tensor) -> Tensor:
        """Apply the map to the last axis; the result has the type of ``x``."""
        num_rows = x.numel() // x.shape[-1]
        if x.is_cpu and num_rows <= KERNEL_ROWS and self._has_kernel:
            x_MI = x.reshape(num_rows, x.shape[-1]).to(torch.bfloat16)
            packed, scale_and_shift_GO2 = self._for_kernel()
            y = torch.ops.aten._weight_int4pack_mm_for_cpu(x_MI, packed, self.group, scale_and_shift_GO2)
            y = y.to(x.dtype).view(*x.shape[:-1], self.out_features)
        else:
            fast = fast_dtype(x.device.type)
            y = F.linear(x.to(fast), self.dequantize().to(fast)).to(x.dtype)
        return y if self.bias is None else y + self.bias.to(y.dtype)

    def extra_repr(self) -> str:
        """Shape, for printing the model."""
        return f"inputs={self.in_features}, outputs={self.out_features}, group={self.group}"

    @property
    def _has_kernel(self) -> bool:
        return self.group in KERNEL_GROUPS and not self.out_features % KERNEL_OUTPUTS

    def _for_kernel(self) -> tuple[Tensor, Tensor]:
        """The weights as torch's kernel reads them: (code - 8) * scale + shift. Made at the first call and kept."""
        if self._kernel is None:
            scale_OG, zero_OG = self.grid()
            pair_OG2 = torch.stack((scale_OG, (MIDDLE - zero_OG) * scale_OG), dim=2).to(torch.bfloat16)
            packed = torch.ops.aten._convert_weight_to_int4pack_for_cpu(self.codes().int(), 1)
            self._kernel = packed, pair_OG2.transpose(0, 1).contiguous()
        return self._kernel


def _grid(weight_OGS: Tensor, shrink: float, is_symmetric: bool) -> Grid:
    """Of groups whose range is cut to a share of itself."""
    if is_symmetric:
        scale_OG = _storable(weight_OGS.abs().amax(2) * shrink / (MIDDLE - 0.5))
        return Grid(scale_OG, torch.full_like(scale_OG, MIDDLE))
    low_OG, high_OG = (x * shrink for x in (weight_OGS.amin(2).clamp(max=0.0), weight_OGS.amax(2).clamp(min=0.0)))
    scale_OG = _storable((high_OG - low_OG) / (LEVELS - 1))
    return Grid(scale_OG, (-low_OG / scale_OG).round().clamp(0, LEVELS - 1))


def _storable(scale: Tensor) -> Tensor:
    """Rounded to bfloat16, in which folders store it, and never zero."""
    return scale.clamp_min(torch.finfo(torch.bfloat16).tiny).to(torch.bfloat16).float()
