"""The gradient of a step, added up over the processes, and its length."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn

from samovar.model.decoder import Decoder
from samovar.train.parallel.grid import Axis, Grid
from samovar.train.parallel.shard import copied_axes, is_reduced_by_fsdp, is_spread, local
from samovar.train.parallel.tensor import is_partial

_NUMBERS_AT_ONCE = 25_000_000
"""Numbers summed in one call: enough to fill a network, and a bounded copy."""


@torch.no_grad()
def add_up_gradients(model: Decoder, grid: Grid) -> None:
    """After the last backward pass of a step: sum what each process found, where that is not done already."""
    if grid.is_alone:
        return
    trained = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    if grid.degrees.tensor > 1:
        _add_up([p for name, p in trained if is_partial(name)], grid, "tensor")
    _add_up([p for _, p in trained if not is_reduced_by_fsdp(p)], grid, "replicate", "shard")


def _add_up(parameters: list[nn.Parameter], grid: Grid, *axes: Axis) -> None:
    if all(getattr(grid.degrees, axis) == 1 for axis in axes):
        return
    for bucket in _buckets(parameters):
        pieces = [_local_gradient(parameter) for parameter in bucket]
        # Behind them, how many processes have a gradient: one that nobody has stays away, as in one process.
        found = [float(parameter.grad is not None) for parameter in bucket]
        flat = torch.cat([*(piece.flatten() for piece in pieces), pieces[0].new_tensor(found)])
        grid.add_up(flat, *axes)
        sums, found_sum = flat[: -len(bucket)], flat[-len(bucket) :].tolist()
        parts = sums.split([piece.numel() for piece in pieces])
        for parameter, piece, part, count in zip(bucket, pieces, parts, found_sum, strict=True):
            if count:
                piece.copy_(part.view_as(piece))
                _keep(parameter, piece)


def _buckets(parameters: Iterable[nn.Parameter]) -> Iterator[list[nn.Parameter]]:
    bucket: list[nn.Parameter] = []
    size = 0
    for parameter in parameters:
        if bucket and size + parameter.numel() > _NUMBERS_AT_ONCE:
            yield bucket
            bucket, size = [], 0
        bucket.append(parameter)
        size += parameter.numel()
    if bucket:
        yield bucket


def _local_gradient(parameter: nn.Parameter) -> Tensor:
    """This process's piece of the gradient; zeros where it has none."""
    return torch.zeros_like(local(parameter)) if parameter.grad is None else local(parameter.grad)


def _keep(parameter: nn.Parameter, piece: Tensor) -> None:
    """Make ``piece`` the gradient, where there was none."""
    if parameter.grad is not None:
        return
    if is_spread(parameter):
        from torch.distributed.tensor import DTensor

        mesh, placements = parameter.device_mesh, parameter.placements
        parameter.grad = DTensor.from_local(
            piece, mesh, placements, run_check=False, shape=parameter.shape, stride=parameter.stride()
        )
    else:
        parameter.grad = piece


@torch.no_grad()
def clip_gradients(model: Decoder, grid: Grid, longest: float) -> float:
    """Scale the gradient down to the length ``longest`` where it is longer; gives its length before."""
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    if grid.has_whole_model:
        return float(torch.nn.utils.clip_grad_norm_(model.parameters(), longest))
    squares = torch.stack([local(g).float().square().sum(dtype=torch.float64) / _copies(g, grid) for g in gradients])
    norm = float(grid.add_up(squares.sum(), "shard", "tensor").sqrt())
    # As torch's clip_grad_norm_ has it.
    scale = min(1.0, longest / (norm + 1e-6))
    if scale < 1.0:
        for gradient in gradients:
            local(gradient).mul_(scale)
    return norm


def _copies(tensor: Tensor, grid: Grid) -> int:
    """In how many processes of one copy of the model, ``shard`` x ``tensor`` of them, each number of it is found."""
    return math.prod(getattr(grid.degrees, axis) for axis in copied_axes(tensor, grid) if axis != "replicate")
