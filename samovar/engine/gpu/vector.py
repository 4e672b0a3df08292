"""Products of one token with a matrix, in Triton, together with what comes before and behind.

With one token a product is nothing but the reading of its matrix, so that each program can work out the whole input
anew (a norm, a gate) beside it, and a layer has seven kernels in the place of ten. A program asks for all of its rows
at once and before anything else: the memory is busy while the input is worked out, or while the kernel before still
computes it.

Axes: D inputs, O outputs, R outputs of a program, C inputs, padded to a power of two.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from samovar.engine.gpu.overlap import let_next_begin, overlap, wait_for_last

_GATED_WEIGHTS = 16384
"""R * C of a gated product: each program works out the whole gate, so that there are few, of many warps."""
_INPUTS_OF_WARP = 1024


def _shape(outputs: int, inputs: int, *, is_gated: bool) -> tuple[int, int, int]:
    """R, C, and the warps of a program: near the best that was found on an H200 at widths of 576 to 6,144."""
    columns = triton.next_power_of_2(inputs)
    if is_gated:
        return max(4, _GATED_WEIGHTS // columns), columns, 16
    return 4 if outputs >= inputs else 2, columns, min(max(1, columns // _INPUTS_OF_WARP), 16)


def vector_product(
    input_1D: Tensor,
    weight_OD: Tensor,
    bias_O: Tensor | None = None,
    *,
    norm_D: Tensor | None = None,
    eps: float = 0.0,
    is_gated: bool = False,
    stream_1O: Tensor | None = None,
) -> Tensor:
    """The matrix times the input, 1O.

    Args:
        input_1D: of one token; where it is gated, twice as wide: what is opened by SiLU, then what is let through.
        weight_OD: contiguous.
        bias_O: added.
        norm_D: weight of a norm by the root mean square, which the input goes through first.
        eps: of the norm.
        is_gated: whether the input goes through the gate first.
        stream_1O: the product is added to this.
    """
    outputs, inputs = weight_OD.shape
    rows, columns, warps = _shape(outputs, inputs, is_gated=is_gated)
    found_1O = torch.empty(1, outputs, dtype=input_1D.dtype, device=input_1D.device)
    _vector_product[(triton.cdiv(outputs, rows),)](
        *(input_1D, weight_OD, found_1O),
        *(input_1D if one is None else one for one in (bias_O, norm_D, stream_1O)),
        eps,
        OUTPUTS=outputs,
        INPUTS=inputs,
        ROWS=rows,
        COLUMNS=columns,
        HAS_BIAS=bias_O is not None,
        HAS_NORM=norm_D is not None,
        HAS_STREAM=stream_1O is not None,
        IS_GATED=is_gated,
        num_warps=warps,
        **overlap(),
    )
    return found_1O


@triton.jit
def _vector_product(
    vector: tl.tensor,
    weight: tl.tensor,
    found: tl.tensor,
    bias: tl.tensor,
    norm: tl.tensor,
    stream: tl.tensor,
    eps: tl.tensor,
    OUTPUTS: tl.constexpr,
    INPUTS: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    HAS_BIAS: tl.constexpr,
    HAS_NORM: tl.constexpr,
    HAS_STREAM: tl.constexpr,
    IS_GATED: tl.constexpr,
    OVERLAPS: tl.constexpr,
) -> None:
    let_next_begin(OVERLAPS)
    row_R = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    column_C = tl.arange(0, COLUMNS)
    is_there_R, is_there_C = row_R < OUTPUTS, column_C < INPUTS
    dtype = found.dtype.element_ty
    weight_RC = tl.load(
        weight + row_R[:, None].to(tl.int64) * INPUTS + column_C[None, :],
        mask=is_there_R[:, None] & is_there_C[None, :],
        other=0.0,
        eviction_policy="evict_first",
    )
    if HAS_NORM:
        norm_C = tl.load(norm + column_C, mask=is_there_C, other=0.0).to(tl.float32)
    wait_for_last(OVERLAPS)
    input_C = tl.load(vector + column_C, mask=is_there_C, other=0.0).to(tl.float32)
    if HAS_NORM:
        root = tl.rsqrt(tl.sum(input_C * input_C, 0) / INPUTS + eps)
        input_C = (input_C * root * norm_C).to(dtype).to(tl.float32)
    if IS_GATED:
        up_C = tl.load(vector + INPUTS + column_C, mask=is_there_C, other=0.0)
        open_C = (input_C * tl.sigmoid(input_C)).to(dtype)
        input_C = (open_C * up_C).to(tl.float32)
    found_R = tl.sum(weight_RC.to(tl.float32) * input_C[None, :], 1)
    if HAS_BIAS:
        found_R += tl.load(bias + row_R, mask=is_there_R, other=0.0).to(tl.float32)
    if HAS_STREAM:
        stream_R = tl.load(stream + row_R, mask=is_there_R, other=0.0).to(tl.float32)
        found_R = stream_R + found_R.to(dtype).to(tl.float32)
    tl.store(found + row_R, found_R.to(dtype), mask=is_there_R)
