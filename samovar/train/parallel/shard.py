"""A model spread over the processes of a grid, and gathered again.

Matrices are spread by ``fully_shard`` (FSDP2; Zhao et al. 2023, arXiv:2304.11277): each process holds a piece, and a
layer's weights are gathered while it computes. Norms and biases are small, and stay whole and in float32 everywhere:
gathered in bfloat16 with the matrices they would lose what one process keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

import torch
from torch import Tensor, nn

from samovar.model.decoder import Decoder
from samovar.model.experts import Experts
from samovar.train.parallel.grid import AXES, Axis, Grid
from samovar.train.parallel.tensor import split_layers

if TYPE_CHECKING:
    from torch.distributed.tensor import DTensor, Shard


def spread(model: Decoder, grid: Grid, *, dtype: torch.dtype) -> None:
    """Leave in this process, on its device, its share of ``model``; every process gives the same whole model.

    Args:
        model: with weights in float32.
        grid: of all processes that call this together.
        dtype: that the layers compute in.
    """
    if grid.degrees.tensor > 1:
        split_layers(model, grid)
    if grid.degrees.shard > 1:
        _shard(model, grid, dtype)
    model.to(grid.device)
    if not grid.is_alone:
        _make_copies_equal(model, grid)


def _shard(model: Decoder, grid: Grid, dtype: torch.dtype) -> None:
    from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard, register_fsdp_forward_method

    assert grid.mesh is not None  # there are processes to spread over
    mesh = grid.mesh["replicate", "shard"] if grid.degrees.replicate > 1 else grid.mesh["shard"]
    whole = {parameter for parameter in model.parameters() if parameter.ndim < 2}
    # A layer casts each of its matrices to the type it computes in once, so that it may as well be gathered in it.
    in_layers = MixedPrecisionPolicy(
        param_dtype=None if dtype == torch.float32 else dtype, reduce_dtype=torch.float32, cast_forward_inputs=False
    )
    for layer in model.layers:
        fully_shard(layer, mesh=mesh, mp_policy=in_layers, ignored_params=whole, shard_placement_fn=_shard_axis)
        if isinstance(layer.mlp, Experts):
            layer.mlp.register_forward_hook(_touch_all)
    # The embedding may be the head as well: gradients of both uses are added up in float32, and so it is float32.
    as_stored = MixedPrecisionPolicy(cast_forward_inputs=False)
    fully_shard(model, mesh=mesh, mp_policy=as_stored, ignored_params=whole)
    register_fsdp_forward_method(model, "hidden")
    for module in model.modules():
        if isinstance(module, FSDPModule):
            # Losses are divided by the targets of all processes already: gradients are sums, not means.
            module.set_gradient_divide_factor(1.0)
            module.set_force_sum_reduction_for_comms(True)


def begin_backward(model: Decoder, *, is_last: bool) -> None:
    """Before the backward pass of a micro-batch: copies of shards add up their gradients in the step's last one."""
    from torch.distributed.fsdp import FSDPModule

    if isinstance(model, FSDPModule):
        model.set_requires_all_reduce(is_last)


def settle(model: Decoder) -> None:
    """Let go of the weights that a forward pass without a backward pass gathered."""
    from torch.distributed.fsdp import FSDPModule

    if isinstance(model, FSDPModule):
        model.reshard()


def _shard_axis(parameter: nn.Parameter) -> Shard | None:
    """Columns of what ``tensor`` has split by rows; by default rows. Split twice, rows would lie out of order."""
    is_split_by_rows = is_spread(parameter) and parameter.placements[0].is_shard(0)
    from torch.distributed.tensor import Shard

    return Shard(1) if is_split_by_rows else None


def _touch_all(experts: nn.Module, _: object, mixed_BTD: Tensor) -> Tensor:
    """Give experts that no token chose a gradient of zero: the processes reduce the gradients of all or of none."""
    if not torch.is_grad_enabled():
        return mixed_BTD
    touched = sum(0.0 * local(parameter).flatten()[0] for parameter in experts.parameters())
    return mixed_BTD + touched.to(mixed_BTD.dtype)  # type: ignore[union-attr]


@torch.no_grad()
def _make_copies_equal(model: Decoder, grid: Grid) -> None:
    """Take the weights of the first copy: drawn on processors of another kind, the last bits could differ."""
    for parameter in model.parameters():
        for axis in copied_axes(parameter, grid):
            torch.distributed.broadcast(local(parameter), group=grid.group(axis), group_src=0)


def is_spread(tensor: Tensor) -> TypeGuard[DTensor]:
    """Whether ``tensor`` is a DTensor, of which this process holds a piece or a copy."""
    from torch.distributed.tensor import DTensor

    return isinstance(tensor, DTensor)


def local(tensor: Tensor) -> Tensor:
    """What of ``tensor`` is in this process; changing it changes ``tensor``."""
    return tensor.to_local() if is_spread(tensor) else tensor


def form(tensor: Tensor) -> tuple[object, ...]:
    """How ``tensor`` is spread: equal for tensors that one operation can take together."""
    return (tensor.device_mesh, tensor.placements) if is_spread(tensor) else ()


def copied_axes(tensor: Tensor, grid: Grid) -> list[Axis]:
    """The axes of the grid along which processes hold the same of ``tensor``."""
    split: set[str] = set()
    if is_spread(tensor):
        names = tensor.device_mesh.mesh_dim_names or ()
        split = {name for name, place in zip(names, tensor.placements, strict=True) if not place.is_replicate()}
    return [axis for axis in AXES if getattr(grid.degrees, axis) > 1 and axis not in split]


def is_reduced_by_fsdp(parameter: Tensor) -> bool:
    """Whether its gradient comes out of the backward pass summed over ``replicate`` and ``shard``."""
    return is_spread(parameter) and "shard" in (parameter.device_mesh.mesh_dim_names or ())


def cut(whole: Tensor, like: Tensor) -> Tensor:
    """What of ``whole``, which every process has, belongs to this one, in the form of ``like``."""
    whole = whole.to(like.device)
    if not is_spread(like):
        return whole
    from torch.distributed.tensor import DTensor, Replicate

    mesh, placements = like.device_mesh, like.placements
    replicated = DTensor.from_local(whole, mesh, [Replicate()] * mesh.ndim, run_check=False)
    return replicated.redistribute(placements=placements)


def gather(model: Decoder, grid: Grid, dtype: torch.dtype, device: torch.device | None = None) -> Decoder | None:
    """The whole model in ``dtype`` on ``device``, in evaluation mode, in the first process; None in the others.

    All processes call it together. Alone, or where every process has the whole model, that is ``model`` itself.
    """
    device = device or torch.device("cpu")
    if grid.has_whole_model:
        return model if grid.is_first else None
    state: dict[str, Tensor] = {}
    for name, parameter in model.state_dict().items():
        whole = parameter.full_tensor() if is_spread(parameter) else parameter
        if grid.is_first:
            state[name] = whole.detach().to(device, dtype if whole.is_floating_point() else whole.dtype)
    if not grid.is_first:
        return None
    with torch.device("meta"):
        gathered = Decoder(model.settings)
    gathered.load_state_dict(state, strict=True, assign=True)
    return gathered.to(device).eval().requires_grad_(False)
