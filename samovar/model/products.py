"""Linear maps in training on a processor, multiplied in C++ (``native/products.cpp``).

Weights are rounded to bfloat16 where they are laid out for the product, and their gradients come in float32: neither is
copied or rounded in between. To torch.compile a product is one operation.

Axes: N rows of all leading axes, I inputs, O outputs.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from samovar.model.decoder import Decoder
from samovar.model.gate import silu_gated
from samovar.model.linear import Linear, cast_and_multiply
from samovar.model.mlp import GatedMLP
from samovar.model.native import LIBRARY, operation

_NAME = operation("multiply", __file__)
_POINTER, _FLAG, _FLOAT, _NUMBER = ctypes.c_void_p, ctypes.c_int, ctypes.c_float, ctypes.c_int64
_WEIGHTS = (torch.float32, torch.bfloat16)
_ARGUMENTS: dict[str, list[Any]] = {
    "multiply": [_POINTER, *[_FLAG] * 4, *[_POINTER] * 3, _NUMBER],
    "combine": [_POINTER, *[_FLAG] * 2, *[_FLOAT] * 2, *[_POINTER] * 4, _NUMBER],
}


def use_products(model: nn.Module) -> None:
    """Have all linear maps of ``model``, which is on a processor, multiplied so, and what they gate gated in C++."""
    for module in model.modules():
        if isinstance(module, (Linear, Decoder)):
            module.multiply = multiply
        elif isinstance(module, GatedMLP) and module.activation is F.silu:
            module.gated = silu_gated  # type: ignore[method-assign]


def multiply(x: Tensor, weight_OI: Tensor, bias_O: Tensor | None = None) -> Tensor:
    """As ``linear.cast_and_multiply``, with gradients; by torch where it is not about bfloat16 on a processor."""
    if not x.is_cpu or x.dtype != torch.bfloat16 or weight_OI.dtype not in _WEIGHTS:
        return cast_and_multiply(x, weight_OI, bias_O)
    y = _apply(x.flatten(0, -2), weight_OI).unflatten(0, x.shape[:-1])
    return y if bias_O is None else y + bias_O.to(x.dtype)


@torch.library.custom_op(f"{_NAME}_linear", mutates_args=())
def _apply(x_NI: Tensor, weight_OI: Tensor) -> Tensor:
    return _product(x_NI, weight_OI, made=x_NI.new_empty(x_NI.shape[0], weight_OI.shape[0]))


@torch.library.custom_op(f"{_NAME}_for_input", mutates_args=())
def _for_input(gradient_NO: Tensor, weight_OI: Tensor) -> Tensor:
    made = gradient_NO.new_empty(gradient_NO.shape[0], weight_OI.shape[1])
    return _product(gradient_NO, weight_OI, made=made, right_is_across=True)


@torch.library.custom_op(f"{_NAME}_for_weight", mutates_args=())
def _for_weight(gradient_NO: Tensor, x_NI: Tensor) -> Tensor:
    made = x_NI.new_empty(gradient_NO.shape[1], x_NI.shape[1], dtype=torch.float32)
    return _product(gradient_NO, x_NI, made=made, left_is_across=True, right_is_across=True)


@_apply.register_fake
def _(x_NI: Tensor, weight_OI: Tensor) -> Tensor:
    return x_NI.new_empty(x_NI.shape[0], weight_OI.shape[0])


@_for_input.register_fake
def _(gradient_NO: Tensor, weight_OI: Tensor) -> Tensor:
    return gradient_NO.new_empty(gradient_NO.shape[0], weight_OI.shape[1])


@_for_weight.register_fake
def _(gradient_NO: Tensor, x_NI: Tensor) -> Tensor:
    return x_NI.new_empty(gradient_NO.shape[1], x_NI.shape[1], dtype=torch.float32)


def _keep(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
    ctx.save_for_backward(*inputs)


def _differentiate(ctx: Any, gradient_NO: Tensor) -> tuple[Tensor | None, Tensor | None]:
    x_NI, weight_OI = ctx.saved_tensors
    wants_input, wants_weight = ctx.needs_input_grad
    for_input = _for_input(gradient_NO, weight_OI) if wants_input else None
    for_weight = _for_weight(gradient_NO, x_NI).to(weight_OI.dtype) if wants_weight else None
    return for_input, for_weight


_apply.register_autograd(_differentiate, setup_context=_keep)


def combine(
    left_NRD: Tensor,
    right_NDC: Tensor,
    *,
    times: float = 1.0,
    add: tuple[float, Tensor] | None = None,
    is_symmetric: bool = False,
) -> Tensor:
    """``times`` the products of N pairs of matrices, and a factor times N others; NRC. All are of bfloat16.

    No gradients. Of what is symmetric the half is computed. A thread takes whole matrices.
    """
    left_NRD = left_NRD.contiguous()
    is_across = right_NDC.is_contiguous() or not right_NDC.mT.is_contiguous()
    right = right_NDC.contiguous() if is_across else right_NDC.mT
    factor, added_NRC = (0.0, None) if add is None else (add[0], add[1].contiguous())
    made_NRC = left_NRD.new_empty(*left_NRD.shape[:2], right_NDC.shape[2])
    sizes = (_NUMBER * 4)(*made_NRC.shape, left_NRD.shape[2])
    added = None if added_NRC is None else added_NRC.data_ptr()
    pointers = (left_NRD.data_ptr(), right.data_ptr(), added, made_NRC.data_ptr())
    _function("combine")(sizes, is_across, is_symmetric, times, factor, *pointers, torch.get_num_threads())
    return made_NRC


def _product(
    left: Tensor, right: Tensor, *, made: Tensor, left_is_across: bool = False, right_is_across: bool = False
) -> Tensor:
    """``made``: the left side times the right one. Rows of a side that is "across" are the places of what is added up,
    rows of another its own."""
    left, right = left.contiguous(), right.contiguous()
    depth = left.shape[0] if left_is_across else left.shape[1]
    sizes = (_NUMBER * 3)(*made.shape, depth)
    is_half = [tensor.dtype == torch.bfloat16 for tensor in (right, made)]
    pointers = [tensor.data_ptr() for tensor in (left, right, made)]
    _function("multiply")(sizes, left_is_across, right_is_across, *is_half, *pointers, torch.get_num_threads())
    return made


@cache
def _function(name: str) -> Any:
    function = getattr(LIBRARY.library(), f"samovar_{name}")
    function.restype, function.argtypes = None, _ARGUMENTS[name]
    return function
