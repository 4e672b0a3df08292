"""Muon's orthogonalisation, whose input is whole matrices, over processes that hold pieces or copies of them.

Axes: N matrices of one shape, R rows, C columns.

Each process gathers a round of matrices, orthogonalises some of them and gathers the results: the work is divided, not
repeated. With 64 processes, 8,192 tokens in each and matrices of width 1,024, to repeat it would take as long as 0.6
of the rest of the step (five steps of 6 R R C multiplications, against 6 R C a token).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from samovar.core.devices import training_dtype
from samovar.train.parallel.grid import Grid
from samovar.train.parallel.shard import is_spread, local

_NUMBERS_AT_ONCE = 200_000_000
"""Numbers of a round that a process holds whole, unless one matrix for each process is more."""


def orthogonalize_together(
    updates: list[Tensor], orthogonalize: Callable[[Tensor], Tensor], grid: Grid
) -> list[Tensor]:
    """``orthogonalize`` of every matrix, in the form (whole, or a piece of it in every process) that it came in.

    Args:
        updates: matrices RC of one shape, spread in one way.
        orthogonalize: of a stack NRC.
        grid: whose processes divide the work. All call this together.
    """
    if grid.is_alone:
        return list(orthogonalize(torch.stack(updates)))
    at_once = max(grid.degrees.size, _NUMBERS_AT_ONCE // updates[0].numel() // grid.degrees.size * grid.degrees.size)
    results: list[Tensor] = []
    for first in range(0, len(updates), at_once):
        results += _round(updates[first : first + at_once], orthogonalize, grid)
    return results


def _round(updates: list[Tensor], orthogonalize: Callable[[Tensor], Tensor], grid: Grid) -> list[Tensor]:
    like = updates[0]
    # The iteration runs in this type anyway, so that half as much needs to travel.
    whole_NRC = _whole(updates, training_dtype(like.device))
    each = -(-len(updates) // grid.degrees.size)
    mine_NRC = whole_NRC[grid.world.rank * each : (grid.world.rank + 1) * each]
    done_NRC = whole_NRC.new_zeros((each, *like.shape))
    if len(mine_NRC):
        done_NRC[: len(mine_NRC)] = orthogonalize(mine_NRC)
    all_NRC = whole_NRC.new_empty((each * grid.degrees.size, *like.shape))
    torch.distributed.all_gather(list(all_NRC.split(each)), done_NRC)
    return _pieces(all_NRC[: len(updates)].to(like.dtype), like)


def _whole(updates: list[Tensor], dtype: torch.dtype) -> Tensor:
    """The matrices in one stack, whole: one gathering for all of them."""
    like = updates[0]
    if not is_spread(like):
        return torch.stack(updates).to(dtype)
    from torch.distributed.tensor import DTensor

    # Stacked behind the axes that are spread, so that these keep their places.
    stack_RCN = torch.stack([local(update) for update in updates], dim=2).to(dtype)
    shape = torch.Size((*like.shape, len(updates)))
    stride = (like.shape[1] * len(updates), len(updates), 1)
    mesh, placements = like.device_mesh, like.placements
    spread = DTensor.from_local(stack_RCN, mesh, placements, run_check=False, shape=shape, stride=stride)
    return spread.full_tensor().permute(2, 0, 1).contiguous()


def _pieces(whole_NRC: Tensor, like: Tensor) -> list[Tensor]:
    """The matrices, each spread as ``like`` is."""
    if not is_spread(like):
        return list(whole_NRC)
    from torch.distributed.tensor import DTensor, Replicate

    mesh, placements = like.device_mesh, like.placements
    whole_RCN = whole_NRC.permute(1, 2, 0).contiguous()
    replicated = DTensor.from_local(whole_RCN, mesh, [Replicate()] * mesh.ndim, run_check=False)
    local_RCN = replicated.redistribute(placements=placements).to_local()
    return [
        DTensor.from_local(
            piece_RC.contiguous(), mesh, placements, run_check=False, shape=like.shape, stride=like.stride()
        )
        for piece_RC in local_RCN.unbind(dim=2)
    ]
