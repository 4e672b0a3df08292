"""Attention for training on a processor, document by document: nothing that a mask would hide is computed.

A row of 512 tokens holds four or five conversations: written out under a mask, as ``attention.attend`` has it, four of
five scores are thrown away. ``native/attention.cpp`` takes each document by itself, and keeps of its shares but one
number a query. To torch.compile it is one operation.

Axes: B rows, T tokens of a row, H query heads, K key-value heads, A head width.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import torch
from torch import Tensor

from samovar.model.native import LIBRARY, operation

_NAME = operation("attend_documents", __file__)
_POINTER, _FLAG, _FLOAT, _NUMBER = ctypes.c_void_p, ctypes.c_int, ctypes.c_float, ctypes.c_int64
_FUNCTIONS: dict[str, list[Any]] = {
    "samovar_attend": [_POINTER, _FLAG, *[_POINTER] * 4, _FLOAT, *[_POINTER] * 2, _NUMBER],
    "samovar_attend_backward": [_POINTER, _FLAG, *[_POINTER] * 6, _FLOAT, *[_POINTER] * 3, _NUMBER],
}


def attend_documents(
    query_BHTA: Tensor, key_BKTA: Tensor, value_BKTA: Tensor, document_BT: Tensor, *, scale: float
) -> Tensor:
    """What ``attention.attend`` gives with the mask of ``sight.document_mask``, BHTA.

    Args:
        query_BHTA: queries, float32 or bfloat16, on a processor.
        key_BKTA: keys of K heads; K divides H.
        value_BKTA: values.
        document_BT: int32; the number of each token's document, whose tokens stand side by side.
        scale: what scores are multiplied by.
    """
    query_BTHA, key_BTKA, value_BTKA = (x.transpose(1, 2) for x in (query_BHTA, key_BKTA, value_BKTA))
    mixed_BTHA, _ = _attend(query_BTHA, key_BTKA, value_BTKA, document_BT, scale)
    return mixed_BTHA.transpose(1, 2)


@torch.library.custom_op(_NAME, mutates_args=())
def _attend(
    query_BTHA: Tensor, key_BTKA: Tensor, value_BTKA: Tensor, document_BT: Tensor, scale: float
) -> tuple[Tensor, Tensor]:
    """What is mixed, and of each query the logarithm, to the base 2, of what its shares were divided by: BHT."""
    made = _fake(query_BTHA)
    _call("samovar_attend", (query_BTHA, key_BTKA, value_BTKA, document_BT), scale, made)
    return made


@_attend.register_fake
def _fake(query_BTHA: Tensor, *others: Any) -> tuple[Tensor, Tensor]:
    rows, length, heads, _ = query_BTHA.shape
    return query_BTHA.new_empty(query_BTHA.shape), query_BTHA.new_empty((rows, heads, length), dtype=torch.float32)


@torch.library.custom_op(f"{_NAME}_backward", mutates_args=())
def _attend_backward(
    gradient_BTHA: Tensor,
    query_BTHA: Tensor,
    key_BTKA: Tensor,
    value_BTKA: Tensor,
    total_BHT: Tensor,
    document_BT: Tensor,
    scale: float,
) -> tuple[Tensor, Tensor, Tensor]:
    given = (query_BTHA, key_BTKA, value_BTKA, gradient_BTHA, total_BHT, document_BT)
    made = _fake_backward(gradient_BTHA, *given)
    _call("samovar_attend_backward", given, scale, made)
    return made


@_attend_backward.register_fake
def _fake_backward(gradient_BTHA: Tensor, *given: Any) -> tuple[Tensor, Tensor, Tensor]:
    query_BTHA, key_BTKA, value_BTKA = given[:3]
    return tuple(x.new_empty(x.shape) for x in (query_BTHA, key_BTKA, value_BTKA))


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    *given, document_BT, ctx.scale = inputs
    ctx.save_for_backward(*given, output[1], document_BT)


def _differentiate(ctx: Any, gradient_BTHA: Tensor, _: Any) -> tuple[Tensor | None, ...]:
    return (*_attend_backward(gradient_BTHA, *ctx.saved_tensors, ctx.scale), None, None)


_attend.register_autograd(_differentiate, setup_context=_keep)


def _call(name: str, given: tuple[Tensor, ...], scale: float, made: tuple[Tensor, ...]) -> None:
    without_gaps = [tensor.contiguous() for tensor in given]
    query_BTHA, key_BTKA, *_ = without_gaps
    rows, length, heads, width = query_BTHA.shape
    sizes = (ctypes.c_int64 * 5)(rows, length, heads, key_BTKA.shape[2], width)
    is_bfloat16 = query_BTHA.dtype == torch.bfloat16
    pointers = [[tensor.data_ptr() for tensor in some] for some in (without_gaps, made)]
    _function(name)(sizes, is_bfloat16, *pointers[0], scale, *pointers[1], torch.get_num_threads())


@cache
def _function(name: str) -> Any:
    function = getattr(LIBRARY.library(), name)
    function.restype, function.argtypes = None, _FUNCTIONS[name]
    return function
