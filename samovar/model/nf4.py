"""Linear maps with weights of four bits: NF4 with double quantization.

Axes: O outputs, I inputs, C blocks of 64 numbers of a matrix (row after row), G groups of 256 blocks.

A number is the nearest of 16 levels times the largest size in its block. The levels hold equal shares of a normal
distribution, which is how weights lie. The blocks' sizes are themselves rounded to eight bits, after their mean is
taken off, in groups with a float32 scale each: 4 + 8 / 64 + 32 / (64 * 256) = 4.127 bits a weight.

Source: Dettmers et al. 2023 (QLoRA), arXiv:2305.14314, section 3 and appendix E.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from samovar.model.linear import Linear, replace_module

BLOCK, GROUP = 64, 256

LEVELS = torch.tensor(
    [
        -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453,
        -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0,
        0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
        0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
    ]
)  # fmt: skip
"""As published, appendix E."""


def _dynamic_levels() -> Tensor:
    """256 numbers within -1..1: 64 evenly spaced sizes within 0.1..1, 32 within 0.01..0.1, and so on; zero, and one.

    Source: Dettmers et al. 2022, arXiv:2110.02861, section 2.1 (dynamic tree quantization).
    """
    sizes = []
    for power in range(7):
        edges = torch.linspace(0.1, 1.0, 2**power + 1)
        sizes.append(10.0 ** (power - 6) * (edges[:-1] + edges[1:]) / 2)
    size = torch.cat(sizes)
    return torch.cat((-size, torch.tensor([0.0, 1.0]), size)).sort().values


SIZE_LEVELS = _dynamic_levels()
_PAIRS = torch.stack((LEVELS.repeat_interleave(16), LEVELS.repeat(16)), dim=1)
"""The two numbers that a byte stands for; looking up pairs halves the look-ups."""


class Nf4(NamedTuple):
    """A matrix of four-bit numbers."""

    packed: Tensor
    """uint8: two numbers a byte, the first in its upper half; the last block is filled up with zeros."""
    size_code_C: Tensor
    """uint8: which level of SIZE_LEVELS a block's size is, within its group and without the mean."""
    size_scale_G: Tensor
    """float32."""
    size_mean: Tensor
    """float32, one number."""


def quantize_nf4(weight_OI: Tensor) -> Nf4:
    """The nearest four-bit matrix."""
    number_CB = _in_rows_of(weight_OI.float().flatten(), BLOCK)
    size_C = number_CB.abs().amax(1)
    code = _nearest(number_CB / _not_zero(size_C)[:, None], LEVELS).flatten()
    size_mean = size_C.mean()
    off_mean_GC = _in_rows_of(size_C - size_mean, GROUP)
    size_scale_G = off_mean_GC.abs().amax(1)
    size_code_GC = _nearest(off_mean_GC / _not_zero(size_scale_G)[:, None], SIZE_LEVELS)
    return Nf4(code[0::2] << 4 | code[1::2], size_code_GC.flatten()[: len(size_C)], size_scale_G, size_mean)


def dequantize_nf4(quantized: Nf4, outputs: int, inputs: int, dtype: torch.dtype) -> Tensor:
    """The matrix that ``quantized`` stands for, OI."""
    device = quantized.packed.device
    number_CB = F.embedding(quantized.packed.int(), _PAIRS.to(device)).view(-1, BLOCK)
    scale_C = quantized.size_scale_G.repeat_interleave(GROUP)[: len(quantized.size_code_C)]
    size_C = SIZE_LEVELS.to(device)[quantized.size_code_C.int()] * scale_C + quantized.size_mean
    return (number_CB * size_C[:, None]).to(dtype).flatten()[: outputs * inputs].view(outputs, inputs)


class _Product(torch.autograd.Function):
    """The input times a four-bit matrix, which never stands unpacked longer than one product takes.

    Left to autograd, the unpacked matrices of all layers would be kept for the backward pass. Matrix and bias are
    constants.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, bias_O: Tensor | None, outputs: int, inputs: int, *quantized: Tensor) -> Tensor:
        """Give the product, in the type of ``x``."""
        ctx.save_for_backward(*quantized)
        ctx.shape = outputs, inputs
        return F.linear(x, dequantize_nf4(Nf4(*quantized), outputs, inputs, x.dtype), bias_O)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Give the gradient of the input alone."""
        for_x = None
        if ctx.needs_input_grad[0]:
            outputs, inputs = ctx.shape
            for_x = gradient @ dequantize_nf4(Nf4(*ctx.saved_tensors), outputs, inputs, gradient.dtype)
        return for_x, None, None, None, *[None for _ in ctx.saved_tensors]


class Nf4Linear(nn.Module):
    """A linear map whose weight has four bits a number; it computes in the type of its input and is never trained."""

    packed: Tensor
    size_code_C: Tensor
    size_scale_G: Tensor
    size_mean: Tensor
    bias: Tensor | None

    def __init__(self, inputs: int, outputs: int, *, bias: bool = False) -> None:
        super().__init__()
        self.in_features, self.out_features = inputs, outputs
        blocks = -(-inputs * outputs // BLOCK)
        self.register_buffer("packed", torch.zeros(blocks * BLOCK // 2, dtype=torch.uint8))
        self.register_buffer("size_code_C", torch.zeros(blocks, dtype=torch.uint8))
        self.register_buffer("size_scale_G", torch.zeros(-(-blocks // GROUP)))
        self.register_buffer("size_mean", torch.zeros(()))
        self.register_buffer("bias", torch.zeros(outputs) if bias else None)

    @classmethod
    def of(cls, linear: nn.Linear) -> Nf4Linear:
        """The nearest four-bit map to ``linear``."""
        quantized = cls(linear.in_features, linear.out_features)
        for name, tensor in quantize_nf4(linear.weight.detach())._asdict().items():
            setattr(quantized, name, tensor)
        quantized.bias = None if linear.bias is None else linear.bias.detach().clone()
        return quantized

    def forward(self, x: Tensor) -> Tensor:
        """Apply the map to the last axis."""
        bias_O = None if self.bias is None else self.bias.to(x.dtype)
        return _Product.apply(x, bias_O, self.out_features, self.in_features, *self._quantized())

    def dequantize(self) -> Tensor:
        """The weight as float32, OI."""
        return dequantize_nf4(self._quantized(), self.out_features, self.in_features, torch.float32)

    def extra_repr(self) -> str:
        """Shape, for printing the model."""
        return f"inputs={self.in_features}, outputs={self.out_features}"

    def _quantized(self) -> Nf4:
        return Nf4(self.packed, self.size_code_C, self.size_scale_G, self.size_mean)


def prepare_nf4(model: nn.Module) -> set[str]:
    """Swap in four-bit maps for the linear maps of ``model``'s layers, on the device that they are on.

    Returns:
        the names of the weights that they replace; ``nf4_state`` makes of each what ``load_state_dict`` wants.
    """
    linears = {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, Linear) and name.startswith("layers.")
    }
    for name, linear in linears.items():
        with linear.weight.device:
            packed = Nf4Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
        replace_module(model, name, packed)
    return {f"{name}.weight" for name in linears}


def nf4_state(name: str, weight_OI: Tensor) -> dict[str, Tensor]:
    """The tensors that take the place of the weight called ``name``."""
    module = name.removesuffix("weight")
    return {f"{module}{key}": tensor for key, tensor in quantize_nf4(weight_OI)._asdict().items()}


def _in_rows_of(numbers: Tensor, length: int) -> Tensor:
    """The numbers in rows of ``length``, the last filled up with zeros."""
    return F.pad(numbers, (0, -len(numbers) % length)).view(-1, length)


def _not_zero(size: Tensor) -> Tensor:
    """Sizes to divide by: all zeros stay zeros."""
    return torch.where(size == 0.0, 1.0, size)


def _nearest(numbers: Tensor, levels: Tensor) -> Tensor:
    """Which of ``levels`` is nearest to each, uint8; half-way it is the lower one."""
    middles = (levels[1:] + levels[:-1]) / 2
    return torch.bucketize(numbers, middles.to(numbers.device), out_int32=True).to(torch.uint8)
