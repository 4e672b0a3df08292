"""Linear maps with int8 weights: one scale an output channel, symmetric; their inputs as they are, or int8 as well.

Axes: M rows of input, I inputs, O outputs.
"""

from __future__ import annotations

import functools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Microseconds for 256 x 768 on one AVX512-BF16 core, M = 1, 8, 32, 64, 512:
#   float32 linear          10   43  126  230  1738
#   bfloat16 linear         19   23   40   64   399
#   int8 kernel, bfloat16    7   28  105  208  1674
#   int8 kernel, float32   120 1021 4040 8204 66887   (a scalar loop: never used)
# The int8 kernel reads a quarter of the bytes but has no matrix instructions: it wins for few rows only. Above that the
# weights are unpacked (10 us, once a call) for the ordinary kernel of the type that the processor multiplies fastest.
MAX_KERNEL_ROWS = 8
KERNEL_WIDTH = 16
"""The kernel reads so many bytes at an aligned address: it ends the process where a row is no multiple of them."""

LARGEST = 127


class Int8Linear(nn.Module):
    """A linear map whose weight is ``weight`` times ``weight_scale``, row by row."""

    weight: Tensor
    weight_scale: Tensor
    bias: Tensor | None

    def __init__(self, inputs: int, outputs: int, *, bias: bool = False, is_dynamic: bool = False) -> None:
        """Zeros, to be filled.

        Args:
            inputs: width of the input.
            outputs: width of the output.
            bias: whether it has one.
            is_dynamic: whether every row of input is rounded to int8 too, under a scale of its own, so that whole
                numbers are multiplied (Dettmers et al. 2022, arXiv:2208.07339, section 3.1).
        """
        super().__init__()
        self.in_features, self.out_features, self.is_dynamic = inputs, outputs, is_dynamic
        self.register_buffer("weight", torch.zeros(outputs, inputs, dtype=torch.int8))
        self.register_buffer("weight_scale", torch.ones(outputs, 1))
        self.register_buffer("bias", torch.zeros(outputs) if bias else None)

    @classmethod
    def of(cls, linear: nn.Linear, *, is_dynamic: bool = False) -> Int8Linear:
        """The nearest int8 map to ``linear``."""
        quantized = cls(linear.in_features, linear.out_features, is_dynamic=is_dynamic)
        quantized.weight, quantized.weight_scale = quantize_rows(linear.weight.detach())
        quantized.bias = None if linear.bias is None else linear.bias.detach().clone()
        return quantized

    def forward(self, x: Tensor) -> Tensor:
        """Apply the map to the last axis; the result has the type of ``x``."""
        if self.is_dynamic:
            return self._shifted(self._whole_numbers(x))
        num_rows = x.numel() // x.shape[-1]
        if num_rows <= MAX_KERNEL_ROWS and x.device.type == "cpu" and not x.shape[-1] % KERNEL_WIDTH:
            x_MI = x.reshape(num_rows, x.shape[-1]).to(torch.bfloat16)
            scale_O = self.weight_scale.view(-1).to(torch.bfloat16)
            y_MO = torch.ops.aten._weight_int8pack_mm(x_MI, self.weight, scale_O)
            return self._shifted(y_MO.to(x.dtype).view(*x.shape[:-1], -1))
        # Whole numbers up to 127 are exact in bfloat16; the scale comes after, in the type of the input.
        fast = fast_dtype(x.device.type)
        y = F.linear(x.to(fast), self.weight.to(fast)).to(x.dtype) * self.weight_scale.view(-1).to(x.dtype)
        return self._shifted(y)

    def dequantize(self) -> Tensor:
        """The weight as float32, OI; exact."""
        return self.weight.float() * self.weight_scale.float()

    def extra_repr(self) -> str:
        """Shape, for printing the model."""
        return f"inputs={self.in_features}, outputs={self.out_features}, is_dynamic={self.is_dynamic}"

    def _whole_numbers(self, x: Tensor) -> Tensor:
        """The product of int8 inputs and int8 weights, summed exactly in int32."""
        code_MI, scale_M1 = quantize_rows(x.reshape(-1, self.in_features))
        y_MO = _int8_product(code_MI, self.weight).float() * scale_M1 * self.weight_scale.float().view(-1)
        return y_MO.to(x.dtype).view(*x.shape[:-1], self.out_features)

    def _shifted(self, y: Tensor) -> Tensor:
        return y if self.bias is None else y + self.bias.to(y.dtype)


def quantize_rows(weight_OI: Tensor) -> tuple[Tensor, Tensor]:
    """Round every row to int8 under a scale of its own.

    Returns:
        weight_OI: int8, within -127..127.
        scale_O1: float32, and exact in bfloat16, so that readers of either type see the same numbers. It is rounded
            before the weights are, and upwards, so that none is clipped.
    """
    wide = weight_OI.float()
    exact_O1 = (wide.abs().amax(1, keepdim=True) / LARGEST).clamp_min(torch.finfo(torch.bfloat16).tiny)
    scale_O1 = exact_O1.to(torch.bfloat16)
    step_up = torch.nextafter(scale_O1, torch.full_like(scale_O1, torch.inf))
    scale_O1 = torch.where(scale_O1.float() < exact_O1, step_up, scale_O1).float()
    return (wide / scale_O1).round().clamp(-LARGEST, LARGEST).to(torch.int8), scale_O1


def _int8_product(left_MI: Tensor, right_OI: Tensor) -> Tensor:
    """``left`` times ``right`` transposed, int32, MO."""
    if left_MI.is_cpu:
        return torch._int_mm(left_MI, right_OI.t())
    # The kernel of cuBLAS wants more than 16 rows.
    padded_MI = F.pad(left_MI, (0, 0, 0, max(0, 32 - len(left_MI))))
    return torch._int_mm(padded_MI, right_OI.t())[: len(left_MI)]


@functools.cache
def fast_dtype(device_type: str) -> torch.dtype:
    """The type whose matrix products are fastest there, among those that keep eight bits exact."""
    if device_type != "cpu":
        return torch.bfloat16
    known = torch.cpu.get_capabilities()
    has_bfloat16 = known.get("avx512_bf16") or known.get("amx_bf16") or known.get("bf16")
    return torch.bfloat16 if has_bfloat16 else torch.float32
