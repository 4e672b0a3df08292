"""The gate of SwiGLU in training on a processor, in C++ (``native/gate.cpp``), as fast as memory gives its numbers."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from samovar.model.native import LIBRARY, operation

_NAME = operation("gate", __file__)
_POINTER, _NUMBER = ctypes.c_void_p, ctypes.c_int64


def silu_gated(gate: Tensor, up: Tensor) -> Tensor:
    """``silu(gate) * up``, with gradients; by torch where it is not about bfloat16 on a processor."""
    return _gate(gate, up) if gate.is_cpu and gate.dtype == torch.bfloat16 else F.silu(gate) * up


@torch.library.custom_op(_NAME, mutates_args=())
def _gate(gate: Tensor, up: Tensor) -> Tensor:
    return _called("samovar_gate", (gate, up), made=1)[0]


@torch.library.custom_op(f"{_NAME}_backward", mutates_args=())
def _gate_backward(gradient: Tensor, gate: Tensor, up: Tensor) -> tuple[Tensor, Tensor]:
    for_gate, for_up = _called("samovar_gate_backward", (gradient, gate, up), made=2)
    return for_gate, for_up


@_gate.register_fake
def _(gate: Tensor, up: Tensor) -> Tensor:
    return gate.new_empty(gate.shape)


@_gate_backward.register_fake
def _(gradient: Tensor, gate: Tensor, up: Tensor) -> tuple[Tensor, Tensor]:
    return gate.new_empty(gate.shape), gate.new_empty(gate.shape)


def _keep(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
    ctx.save_for_backward(*inputs)


def _differentiate(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
    found: tuple[Tensor, Tensor] = _gate_backward(gradient, *ctx.saved_tensors)
    return found


_gate.register_autograd(_differentiate, setup_context=_keep)


def _called(name: str, given: tuple[Tensor, ...], *, made: int) -> list[Tensor]:
    without_gaps = [tensor.contiguous() for tensor in given]
    results = [without_gaps[0].new_empty(given[0].shape) for _ in range(made)]
    pointers = [tensor.data_ptr() for tensor in (*without_gaps, *results)]
    _function(name, len(pointers))(given[0].numel(), *pointers, torch.get_num_threads())
    return results


@cache
def _function(name: str, tensors: int) -> Any:
    function = getattr(LIBRARY.library(), name)
    function.restype, function.argtypes = None, [_NUMBER, *[_POINTER] * tensors, _NUMBER]
    return function
