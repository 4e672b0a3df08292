"""Cross-entropy and its gradient on a processor, in C++: the gradient is written over the logits.

Axes: N targets, V vocabulary.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import torch
from torch import Tensor

from samovar.train.native import LIBRARY

_POINTER, _NUMBER, _FLOAT = ctypes.c_void_p, ctypes.c_int64, ctypes.c_float


def loss_and_gradient_in_place(
    logits_NV: Tensor, target_N: Tensor, z_loss: float, smoothing: float = 0.0, weight_N: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """As ``cross_entropy.loss_and_gradient``, but that the gradient takes the place of the logits.

    These are float32 or bfloat16.
    """
    logits_NV, target_N = logits_NV.contiguous(), target_N.contiguous()
    weight_N = None if weight_N is None else weight_N.float().contiguous()
    loss_N, z_part_N = (torch.empty(len(target_N)) for _ in range(2))
    _function()(
        logits_NV.dtype == torch.bfloat16,
        logits_NV.data_ptr(),
        target_N.data_ptr(),
        None if weight_N is None else weight_N.data_ptr(),
        *logits_NV.shape,
        z_loss,
        smoothing,
        loss_N.data_ptr(),
        z_part_N.data_ptr(),
        torch.get_num_threads(),
    )
    return loss_N.sum(), z_part_N.sum(), logits_NV


@cache
def _function() -> Any:
    function = LIBRARY.library().samovar_cross_entropy  # type: ignore[union-attr]
    function.restype = None
    function.argtypes = [ctypes.c_int, *[_POINTER] * 3, *[_NUMBER] * 2, *[_FLOAT] * 2, *[_POINTER] * 2, _NUMBER]
    return function
