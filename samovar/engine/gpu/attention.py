"""Attention of tokens that are decoded, one a sequence, over keys and values where they lie in blocks: in Triton.

A program takes one key-value head of one sequence, with all query heads that share it, and a share of its context: few
sequences with long contexts keep the whole GPU busy too. What the shares find is merged by a second kernel.
Source: Dao et al. 2023, "Flash-Decoding for long-context inference"; the blocks are those of Kwon et al. 2023,
arXiv:2309.06180.

Axes: B sequences, H query heads, K key-value heads, G query heads that share one, A head width, L layers, P blocks of
the cache or of a sequence, S positions of a block, C shares of a context, T keys of a tile.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from samovar.engine.batch import BLOCK_SIZE, Memory
from samovar.engine.gpu.overlap import let_next_begin, overlap, wait_for_last

TILE = 64
"""T: keys that a program compares at a time."""
WARPS, STAGES = 4, 3
"""Of a program; how many tiles are on their way to it at once."""
MOST_SHARES = 16
FEWEST_ROWS = 16
"""Rows that a matrix product of the GPU has at least; what is beyond the group's heads is computed and thrown away."""


def num_shares(num_sequences: int, kv_heads: int, num_processors: int) -> int:
    """C: into how many shares contexts are cut, so that two programs fall to each processor; a power of two."""
    shares = 1
    while shares < MOST_SHARES and num_sequences * kv_heads * shares < 2 * num_processors:
        shares *= 2
    return shares


def attend_blocks(
    query_BHA: Tensor,
    memory: Memory,
    layer: int,
    table_PB: Tensor,
    context_B: Tensor,
    *,
    scale: float,
    softcap: float | None = None,
    window: int | None = None,
    shares: int = 1,
) -> Tensor:
    """Mix the values of each sequence by the likeness of its query and its keys, BHA; nothing waits for the GPU.

    Args:
        query_BHA: of one token each; heads and what is in them lie together, sequences may lie apart.
        memory: holds the keys and values of the tokens themselves already.
        layer: which.
        table_PB: int32; the blocks of each sequence, a column each. Sequences may lie side by side or apart.
        context_B: int32, at least 1; tokens that each sequence sees, its own included.
        scale: what scores are multiplied by.
        softcap: scores are bent into plus or minus this by a tanh.
        window: tokens that are looked back over, the own one included.
        shares: C, a power of two; no result depends on it, but for rounding.
    """
    sequences, heads, width = query_BHA.shape
    _, _, kv_heads, size, _ = memory.keys_LPKSA.shape
    keys, values = memory.keys_LPKSA[layer], memory.values_LPKSA[layer]
    mixed_BHA = torch.empty(sequences, heads, width, dtype=query_BHA.dtype, device=query_BHA.device)
    parts_BHCA, ends_BHC2 = mixed_BHA, mixed_BHA
    if shares > 1:
        parts_BHCA = torch.empty(sequences, heads, shares, width, dtype=torch.float32, device=query_BHA.device)
        ends_BHC2 = torch.empty(sequences, heads, shares, 2, dtype=torch.float32, device=query_BHA.device)
    key_scale, value_scale = keys, values
    if memory.key_scale_LPKS is not None and memory.value_scale_LPKS is not None:
        key_scale, value_scale = memory.key_scale_LPKS[layer], memory.value_scale_LPKS[layer]
    group = heads // kv_heads
    padded_width = max(triton.next_power_of_2(width), 16)
    _attend_share[(sequences, kv_heads, shares)](
        *(query_BHA, keys, values, key_scale, value_scale),
        *(table_PB, context_B, mixed_BHA, parts_BHCA, ends_BHC2),
        *(query_BHA.stride(0), table_PB.stride(0), table_PB.stride(1)),
        *(scale, 0.0 if softcap is None else softcap, 0 if window is None else window),
        KV_HEADS=kv_heads,
        GROUP=group,
        WIDTH=width,
        SIZE=size,
        SHARES=shares,
        ROWS=max(triton.next_power_of_2(group), FEWEST_ROWS),
        PADDED_WIDTH=padded_width,
        TILE=TILE,
        HAS_SCALES=memory.key_scale_LPKS is not None,
        HAS_SOFTCAP=softcap is not None,
        HAS_WINDOW=window is not None,
        num_warps=WARPS,
        num_stages=STAGES,
        **overlap(),
    )
    if shares > 1:
        _merge_shares[(sequences * heads,)](
            *(parts_BHCA, ends_BHC2, mixed_BHA),
            WIDTH=width,
            SHARES=shares,
            PADDED_WIDTH=padded_width,
            num_warps=1,
            **overlap(),
        )
    return mixed_BHA


@triton.jit
def _attend_share(
    query: tl.tensor,
    keys: tl.tensor,
    values: tl.tensor,
    key_scale: tl.tensor,
    value_scale: tl.tensor,
    table: tl.tensor,
    context: tl.tensor,
    mixed: tl.tensor,
    parts: tl.tensor,
    ends: tl.tensor,
    query_stride: tl.tensor,
    place_stride: tl.tensor,
    sequence_stride: tl.tensor,
    scale: tl.tensor,
    softcap: tl.tensor,
    window: tl.tensor,
    KV_HEADS: tl.constexpr,
    GROUP: tl.constexpr,
    WIDTH: tl.constexpr,
    SIZE: tl.constexpr,
    SHARES: tl.constexpr,
    ROWS: tl.constexpr,
    PADDED_WIDTH: tl.constexpr,
    TILE: tl.constexpr,
    HAS_SCALES: tl.constexpr,
    HAS_SOFTCAP: tl.constexpr,
    HAS_WINDOW: tl.constexpr,
    OVERLAPS: tl.constexpr,
) -> None:
    let_next_begin(OVERLAPS)
    wait_for_last(OVERLAPS)
    sequence, kv_head, share = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    row_G = tl.arange(0, ROWS)
    number_A = tl.arange(0, PADDED_WIDTH)
    number_T = tl.arange(0, TILE)
    is_head_GA = (row_G[:, None] < GROUP) & (number_A[None, :] < WIDTH)
    head_G = kv_head * GROUP + row_G
    query_GA = tl.load(
        query + sequence * query_stride + head_G[:, None] * WIDTH + number_A[None, :], mask=is_head_GA, other=0.0
    )

    end_of_all = tl.load(context + sequence)
    first = 0
    if HAS_WINDOW:
        first = tl.maximum(end_of_all - window, 0)
    # Whole tiles from the beginning on, so that a tile is never computed twice.
    first_tile = first // TILE
    num_tiles = tl.cdiv(end_of_all, TILE) - first_tile
    tiles_each = tl.cdiv(num_tiles, SHARES)
    begin = (first_tile + share * tiles_each) * TILE
    end = tl.minimum(begin + tiles_each * TILE, end_of_all)

    largest_G = tl.full([ROWS], -float("inf"), tl.float32)
    total_G = tl.zeros([ROWS], tl.float32)
    sum_GA = tl.zeros([ROWS, PADDED_WIDTH], tl.float32)
    for start in range(begin, end, TILE):
        place_T = start + number_T
        is_seen_T = (place_T < end) & (place_T >= first)
        block_T = tl.load(
            table + (place_T // SIZE) * place_stride + sequence * sequence_stride, mask=place_T < end, other=0
        ).to(tl.int64)
        position_T = (block_T * KV_HEADS + kv_head) * SIZE + place_T % SIZE
        is_number_TA = is_seen_T[:, None] & (number_A[None, :] < WIDTH)
        key_TA = tl.load(keys + position_T[:, None] * WIDTH + number_A[None, :], mask=is_number_TA, other=0.0)
        score_GT = tl.dot(query_GA, tl.trans(key_TA.to(query_GA.dtype)), input_precision="ieee") * scale
        if HAS_SCALES:
            score_GT *= tl.load(key_scale + position_T, mask=is_seen_T, other=0.0)[None, :]
        if HAS_SOFTCAP:
            score_GT = softcap * (2.0 * tl.sigmoid(2.0 * score_GT / softcap) - 1.0)
        score_GT = tl.where(is_seen_T[None, :], score_GT, -float("inf"))
        new_largest_G = tl.maximum(largest_G, tl.max(score_GT, 1))
        # A tile of which the window hides everything leaves minus infinity, and infinities have no difference.
        shift_G = tl.where(new_largest_G == -float("inf"), 0.0, new_largest_G)
        kept_G = tl.exp(largest_G - shift_G)
        weight_GT = tl.exp(score_GT - shift_G[:, None])
        total_G = total_G * kept_G + tl.sum(weight_GT, 1)
        value_TA = tl.load(values + position_T[:, None] * WIDTH + number_A[None, :], mask=is_number_TA, other=0.0)
        if HAS_SCALES:
            weight_GT *= tl.load(value_scale + position_T, mask=is_seen_T, other=0.0)[None, :]
        sum_GA = sum_GA * kept_G[:, None] + tl.dot(
            weight_GT.to(query_GA.dtype), value_TA.to(query_GA.dtype), input_precision="ieee"
        )
        largest_G = new_largest_G

    row = sequence * KV_HEADS * GROUP + head_G
    if SHARES == 1:
        found_GA = sum_GA / total_G[:, None]
        tl.store(mixed + row[:, None] * WIDTH + number_A[None, :], found_GA.to(query_GA.dtype), mask=is_head_GA)
    else:
        place = row * SHARES + share
        tl.store(parts + place[:, None] * WIDTH + number_A[None, :], sum_GA, mask=is_head_GA)
        tl.store(ends + place * 2, largest_G, mask=row_G < GROUP)
        tl.store(ends + place * 2 + 1, total_G, mask=row_G < GROUP)


@triton.jit
def _merge_shares(
    parts: tl.tensor,
    ends: tl.tensor,
    mixed: tl.tensor,
    WIDTH: tl.constexpr,
    SHARES: tl.constexpr,
    PADDED_WIDTH: tl.constexpr,
    OVERLAPS: tl.constexpr,
) -> None:
    let_next_begin(OVERLAPS)
    wait_for_last(OVERLAPS)
    row = tl.program_id(0)
    share_C = tl.arange(0, SHARES)
    number_A = tl.arange(0, PADDED_WIDTH)
    largest_C = tl.load(ends + (row * SHARES + share_C) * 2)
    total_C = tl.load(ends + (row * SHARES + share_C) * 2 + 1)
    weight_C = tl.exp(largest_C - tl.max(largest_C, 0))
    part_CA = tl.load(
        parts + (row * SHARES + share_C[:, None]) * WIDTH + number_A[None, :], mask=number_A[None, :] < WIDTH, other=0.0
    )
    mixed_A = tl.sum(part_CA * weight_C[:, None], 0) / tl.sum(total_C * weight_C, 0)
    tl.store(mixed + row * WIDTH + number_A, mixed_A.to(mixed.dtype.element_ty), mask=number_A < WIDTH)


assert TILE % BLOCK_SIZE == 0
