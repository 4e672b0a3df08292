"""Attention for training on a GPU over rows that hold several documents: masks by blocks of queries and keys.

A mask over whole rows takes memory by the square of their length, and no fast kernel of torch takes one. FlexAttention
(Dong et al. 2024, arXiv:2412.05496) is told of each block of queries which blocks of keys it sees in part and which as
a whole; it leaves the others out, and asks for single pairs in the first kind alone. Compiled, it is one kernel.

Axes: B rows, T tokens of a row, N blocks of a row; H query heads, K key-value heads, A head width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from torch.nn.attention.flex_attention import BlockMask

    from samovar.model.sight import Branches

BLOCK = 128
"""Queries, and keys, of a block."""


def block_mask(
    length: int,
    device: torch.device,
    *,
    document_BT: Tensor | None = None,
    branches: Branches | None = None,
    window: int | None = None,
) -> BlockMask:
    """What ``sight.document_mask`` and a window leave to be seen, by blocks; without either: what is not later.

    Args:
        length: T.
        device: of what attends.
        document_BT: the number of each token's document.
        branches: ends that stand one behind the other in a row, each of which goes on from the same beginning.
        window: keys that lie so many tokens back, or more, are hidden.
    """
    from torch.nn.attention.flex_attention import BlockMask

    branch_BT, position_BT = (None, None) if branches is None else (branches.branch_BT, branches.position_BT)

    def is_seen(row: Tensor, _: Tensor, query: Tensor, key: Tensor) -> Tensor:
        seen = query >= key
        if window is not None:
            back = query - key if position_BT is None else position_BT[row, query] - position_BT[row, key]
            seen = seen & (back < window)
        if document_BT is not None:
            seen = seen & (document_BT[row, query] == document_BT[row, key])
        if branch_BT is not None:
            other = branch_BT[row, key]
            seen = seen & ((other == 0) | (other == branch_BT[row, query]))
        return seen

    number_N = torch.arange(-(-length // BLOCK), device=device)
    distance_1NN = (number_N[:, None] - number_N).unsqueeze(0)
    in_part, as_a_whole = distance_1NN >= 0, distance_1NN > 0
    if window is not None:
        if branches is None:  # behind a beginning, ends are nearer to it than they stand
            in_part = in_part & (distance_1NN * BLOCK - (BLOCK - 1) < window)
        as_a_whole = as_a_whole & (distance_1NN * BLOCK + (BLOCK - 1) < window)
    if document_BT is not None:
        low_BN, high_BN = _lowest_and_highest(document_BT, len(number_N))
        low_BN1, high_BN1 = low_BN[:, :, None], high_BN[:, :, None]
        low_B1N, high_B1N = low_BN[:, None], high_BN[:, None]
        in_part = in_part & (low_BN1 <= high_B1N) & (low_B1N <= high_BN1)
        as_a_whole = as_a_whole & (low_BN1 == high_B1N) & (high_BN1 == low_B1N)
    if branch_BT is not None:
        as_a_whole = as_a_whole & (_lowest_and_highest(branch_BT, len(number_N))[1][:, None] == 0)
    return BlockMask.from_kv_blocks(
        *_listed(in_part & ~as_a_whole), *_listed(as_a_whole), BLOCK, is_seen, seq_lengths=(length, length)
    )


def attend_in_blocks(
    query_BHTA: Tensor,
    key_BKTA: Tensor,
    value_BKTA: Tensor,
    blocks: BlockMask,
    *,
    scale: float,
    softcap: float | None = None,
) -> Tensor:
    """What ``attention.attend`` gives with the same mask written out, BHTA. Fast where it is compiled.

    Args:
        query_BHTA: queries.
        key_BKTA: keys of K heads; K divides H.
        value_BKTA: values.
        blocks: which keys each query may look at.
        scale: what scores are multiplied by.
        softcap: scores are bent into plus or minus this by a tanh.
    """
    from torch.nn.attention.flex_attention import flex_attention

    def bent(score: Tensor, *_: Tensor) -> Tensor:
        assert softcap is not None  # it is used only where there is one
        return softcap * torch.tanh(score / softcap)

    return flex_attention(
        query_BHTA,
        key_BKTA,
        value_BKTA,
        score_mod=None if softcap is None else bent,
        block_mask=blocks,
        scale=scale,
        enable_gqa=query_BHTA.shape[1] != key_BKTA.shape[1],
    )


def _lowest_and_highest(number_BT: Tensor, blocks: int) -> tuple[Tensor, Tensor]:
    """Of each block, BN; a last block that is not full counts as if its last token went on."""
    rows, length = number_BT.shape
    last_B1 = number_BT[:, -1:]
    filled = torch.cat((number_BT, last_B1.expand(rows, blocks * BLOCK - length)), dim=1).view(rows, blocks, BLOCK)
    return filled.amin(dim=2), filled.amax(dim=2)


def _listed(is_seen_BNN: Tensor) -> tuple[Tensor, Tensor]:
    """How many blocks of keys each block of queries sees, and which: their numbers first, in order; int32."""
    order = is_seen_BNN.int().argsort(dim=-1, descending=True, stable=True)
    return is_seen_BNN.sum(dim=-1, dtype=torch.int32).unsqueeze(1), order.int().unsqueeze(1).contiguous()
