"""What stands between the matrix products of a layer, in Triton: each a single pass over what it reads.

In torch's own kernels these are some forty launches a layer, and a step of few tokens takes as long as they take.

Axes: N tokens, D model width, H query heads, K key-value heads, J all heads of a token (H + 2 K), A head width, F
hidden width, P blocks, S positions of a block or of a table of angles, Q rotated pairs of a head (A / 2), R heads of a
program.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from samovar.engine.gpu.overlap import let_next_begin, overlap, wait_for_last

_NUMBERS = 1024
"""Numbers of the feed-forward block that a program takes."""
_HEADS = 32
"""R, at most: heads of a token that a program takes."""


def add_and_norm(new_ND: Tensor | None, residual_ND: Tensor, weight_D: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """``new`` added to the residual stream, and the sum normed by its root mean square: two of ND.

    Args:
        new_ND: what a block found; None where there is nothing to add.
        residual_ND: the stream.
        weight_D: of the norm.
        eps: added to the mean square.
    """
    tokens, width = residual_ND.shape
    normed_ND = torch.empty_like(residual_ND)
    summed_ND = residual_ND if new_ND is None else torch.empty_like(residual_ND)
    columns = triton.next_power_of_2(width)
    _add_and_norm[(tokens,)](
        *(residual_ND if new_ND is None else new_ND, residual_ND, weight_D, summed_ND, normed_ND, eps),
        HAS_NEW=new_ND is not None,
        WIDTH=width,
        COLUMNS=columns,
        num_warps=4 if columns <= 2048 else 8,
        **overlap(),
    )
    return summed_ND, normed_ND


def place_heads(
    heads_NJA: Tensor,
    keys_PKSA: Tensor,
    values_PKSA: Tensor,
    slot_N: Tensor,
    position_N: Tensor,
    angles_S2Q: Tensor,
    norms_2A: Tensor | None,
    eps: float,
) -> None:
    """Norm and rotate queries and keys where they stand, and store keys and values.

    Args:
        heads_NJA: contiguous; of each token H queries, K keys, K values. Changed in place.
        keys_PKSA: of one layer's cache.
        values_PKSA: the same.
        slot_N: int; block * S + offset of each token. The kernel just before must not be the one that writes them.
        position_N: int; of each token in its sequence; the same holds.
        angles_S2Q: float32; of each position the cosines, then the sines.
        norms_2A: weights of the norms of queries and of keys; None: they are not normed.
        eps: of these norms.
    """
    tokens, count, width = heads_NJA.shape
    kv_heads, size = keys_PKSA.shape[1:3]
    rows = min(triton.next_power_of_2(count), _HEADS)
    _place_heads[(tokens, triton.cdiv(count, rows))](
        *(heads_NJA, keys_PKSA, values_PKSA, slot_N, position_N, angles_S2Q),
        *(heads_NJA if norms_2A is None else norms_2A, eps),
        HEADS=count - 2 * kv_heads,
        KV_HEADS=kv_heads,
        PAIRS=width // 2,
        SIZE=size,
        ROWS=rows,
        COLUMNS=triton.next_power_of_2(width // 2),
        HAS_NORMS=norms_2A is not None,
        num_warps=4,
        **overlap(),
    )


def gated(gate_up_N2F: Tensor) -> Tensor:
    """SiLU of the first half times the second, NF (Shazeer 2020, arXiv:2002.05202)."""
    tokens, both = gate_up_N2F.shape
    gated_NF = torch.empty(tokens, both // 2, dtype=gate_up_N2F.dtype, device=gate_up_N2F.device)
    grid = (tokens, triton.cdiv(both // 2, _NUMBERS))
    _gated[grid](gate_up_N2F, gated_NF, HIDDEN=both // 2, NUMBERS=_NUMBERS, num_warps=4, **overlap())
    return gated_NF


@triton.jit
def _add_and_norm(
    new: tl.tensor,
    residual: tl.tensor,
    weight: tl.tensor,
    summed: tl.tensor,
    normed: tl.tensor,
    eps: tl.tensor,
    HAS_NEW: tl.constexpr,
    WIDTH: tl.constexpr,
    COLUMNS: tl.constexpr,
    OVERLAPS: tl.constexpr,
) -> None:
    let_next_begin(OVERLAPS)
    start = tl.program_id(0).to(tl.int64) * WIDTH
    column_D = tl.arange(0, COLUMNS)
    is_there_D = column_D < WIDTH
    weight_D = tl.load(weight + column_D, mask=is_there_D, other=0.0).to(tl.float32)
    wait_for_last(OVERLAPS)
    stored_D = tl.load(residual + start + column_D, mask=is_there_D, other=0.0)
    if HAS_NEW:
        new_D = tl.load(new + start + column_D, mask=is_there_D, other=0.0)
        stored_D = (stored_D.to(tl.float32) + new_D.to(tl.float32)).to(stored_D.dtype)
        tl.store(summed + start + column_D, stored_D, mask=is_there_D)
    wide_D = stored_D.to(tl.float32)
    root = tl.rsqrt(tl.sum(wide_D * wide_D, 0) / WIDTH + eps)
    tl.store(normed + start + column_D, (wide_D * root * weight_D).to(stored_D.dtype), mask=is_there_D)


@triton.jit
def _place_heads(
    heads: tl.tensor,
    keys: tl.tensor,
    values: tl.tensor,
    slots: tl.tensor,
    positions: tl.tensor,
    angles: tl.tensor,
    norms: tl.tensor,
    eps: tl.tensor,
    HEADS: tl.constexpr,
    KV_HEADS: tl.constexpr,
    PAIRS: tl.constexpr,
    SIZE: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    HAS_NORMS: tl.constexpr,
    OVERLAPS: tl.constexpr,
) -> None:
    let_next_begin(OVERLAPS)
    token = tl.program_id(0).to(tl.int64)
    head_R = tl.program_id(1) * ROWS + tl.arange(0, ROWS)
    pair_Q = tl.arange(0, COLUMNS)
    is_there_Q = pair_Q < PAIRS
    is_there_RQ = (head_R[:, None] < HEADS + 2 * KV_HEADS) & is_there_Q[None, :]
    is_value_R = head_R >= HEADS + KV_HEADS
    is_key_R = (head_R >= HEADS) & (head_R < HEADS + KV_HEADS)
    # No kernel writes what is read up to the wait: a token's place was copied here before the first of the step.
    slot = tl.load(slots + token).to(tl.int64)
    angle = angles + tl.load(positions + token).to(tl.int64) * 2 * PAIRS
    cos_RQ = tl.load(angle + pair_Q, mask=is_there_Q, other=0.0)[None, :]
    sin_RQ = tl.load(angle + PAIRS + pair_Q, mask=is_there_Q, other=0.0)[None, :]
    wait_for_last(OVERLAPS)

    own_RQ = heads + (token * (HEADS + 2 * KV_HEADS) + head_R[:, None]) * 2 * PAIRS + pair_Q[None, :]
    stored_first_RQ = tl.load(own_RQ, mask=is_there_RQ, other=0.0)
    stored_second_RQ = tl.load(own_RQ + PAIRS, mask=is_there_RQ, other=0.0)
    dtype = stored_first_RQ.dtype
    first_RQ, second_RQ = stored_first_RQ.to(tl.float32), stored_second_RQ.to(tl.float32)
    if HAS_NORMS:
        squares_R = tl.sum(first_RQ * first_RQ + second_RQ * second_RQ, 1)
        root_RQ = tl.rsqrt(squares_R / (2 * PAIRS) + eps)[:, None]
        norm_RQ = norms + is_key_R[:, None].to(tl.int32) * 2 * PAIRS + pair_Q[None, :]
        weight_first_RQ = tl.load(norm_RQ, mask=is_there_RQ, other=0.0).to(tl.float32)
        weight_second_RQ = tl.load(norm_RQ + PAIRS, mask=is_there_RQ, other=0.0).to(tl.float32)
        first_RQ = (first_RQ * root_RQ * weight_first_RQ).to(dtype).to(tl.float32)
        second_RQ = (second_RQ * root_RQ * weight_second_RQ).to(dtype).to(tl.float32)
    turned_first_RQ = (first_RQ * cos_RQ - second_RQ * sin_RQ).to(dtype)
    turned_second_RQ = (second_RQ * cos_RQ + first_RQ * sin_RQ).to(dtype)

    is_turned_RQ = is_there_RQ & (head_R < HEADS + KV_HEADS)[:, None]
    tl.store(own_RQ, turned_first_RQ, mask=is_turned_RQ)
    tl.store(own_RQ + PAIRS, turned_second_RQ, mask=is_turned_RQ)
    kv_head_R = tl.where(is_value_R, head_R - HEADS - KV_HEADS, head_R - HEADS)  # of a query nothing is stored
    place_R = (slot // SIZE * KV_HEADS + kv_head_R) * SIZE + slot % SIZE
    place_RQ = place_R[:, None] * 2 * PAIRS + pair_Q[None, :]
    is_key_RQ, is_value_RQ = is_there_RQ & is_key_R[:, None], is_there_RQ & is_value_R[:, None]
    tl.store(keys + place_RQ, turned_first_RQ, mask=is_key_RQ)
    tl.store(keys + place_RQ + PAIRS, turned_second_RQ, mask=is_key_RQ)
    tl.store(values + place_RQ, stored_first_RQ, mask=is_value_RQ)
    tl.store(values + place_RQ + PAIRS, stored_second_RQ, mask=is_value_RQ)


@triton.jit
def _gated(
    gate_up: tl.tensor, found: tl.tensor, HIDDEN: tl.constexpr, NUMBERS: tl.constexpr, OVERLAPS: tl.constexpr
) -> None:
    let_next_begin(OVERLAPS)
    wait_for_last(OVERLAPS)
    token = tl.program_id(0).to(tl.int64)
    column_F = tl.program_id(1) * NUMBERS + tl.arange(0, NUMBERS)
    is_there_F = column_F < HIDDEN
    gate_F = tl.load(gate_up + token * 2 * HIDDEN + column_F, mask=is_there_F, other=0.0)
    up_F = tl.load(gate_up + token * 2 * HIDDEN + HIDDEN + column_F, mask=is_there_F, other=0.0)
    wide_F = gate_F.to(tl.float32)
    open_F = (wide_F * tl.sigmoid(wide_F)).to(gate_F.dtype)
    tl.store(found + token * HIDDEN + column_F, open_F * up_F, mask=is_there_F)
