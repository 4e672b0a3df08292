"""Tensor parallelism: every layer computed by several processes together, on the same tokens.

Axes: B rows, T tokens, D model width, H query heads, E experts.

Each process has some of the heads and some of the hidden units: the maps into them are split by rows of their weight,
the maps out of them by columns, and the sum of the outputs is taken over the processes (Shoeybi et al. 2019,
arXiv:1909.08053, section 3). Embeddings, norms and the head are whole in every process. So that the head is not
computed several times, each process takes a share of the targets: ``own_targets``.

What is whole gets its gradient in one of two ways. Between the maps of the layers all processes compute the same, and
have the same gradient: norms of layers, the router. Elsewhere each has the part of its own heads or targets, and the
parts are added up (``is_partial``). The embedding may be the head as well: of what comes down to it through the layers,
the same in all processes, each takes a share.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from samovar.model.decoder import Decoder
from samovar.model.experts import Experts
from samovar.model.layers import Layer
from samovar.train.batches import IGNORED, Batch
from samovar.train.parallel.grid import Grid

_OF_TARGETS = ("embed_tokens.", "embed_positions.", "norm.", "lm_head.")
_OF_HEADS = ("self_attn.q_norm.", "self_attn.k_norm.")


def is_partial(name: str) -> bool:
    """Whether the parameter of this name, whole in every process, gets a part of its gradient in each."""
    return name.startswith(_OF_TARGETS) or any(part in name for part in _OF_HEADS)


def own_targets(batch: Batch, grid: Grid) -> Batch:
    """``batch`` with the targets of this process: every so-manieth, so that all have equally many, give or take one."""
    parts = grid.degrees.tensor
    if parts == 1:
        return batch
    number_BT = (batch.target_BT != IGNORED).flatten().cumsum(0).view_as(batch.target_BT)
    return batch._replace(target_BT=batch.target_BT.masked_fill(number_BT % parts != grid.tensor_rank, IGNORED))


def split_layers(model: Decoder, grid: Grid) -> None:
    """Leave in this process its part of every layer of ``model``; weights become DTensors over the axis ``tensor``."""
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

    assert grid.mesh is not None  # there are processes to split over
    mesh, parts = grid.mesh["tensor"], grid.degrees.tensor
    for layer in (layer for layer in model.layers if isinstance(layer, Layer)):
        plan: dict[str, Any] = {f"self_attn.{name}_proj": ColwiseParallel() for name in "qkv"}
        plan["self_attn.o_proj"] = RowwiseParallel()
        blocks: dict[str, nn.Module] = {"mlp": layer.mlp}
        if isinstance(layer.mlp, Experts):
            blocks = {f"mlp.experts.{number}": block for number, block in enumerate(layer.mlp.experts)}
        for name, block in blocks.items():
            into = [part for part in ("gate_proj", "up_proj") if hasattr(block, part)]
            plan |= {f"{name}.{part}": ColwiseParallel() for part in into}
            plan[f"{name}.down_proj"] = RowwiseParallel()
        # Every process has drawn or read the whole weights, so that each cuts its part without asking.
        parallelize_module(layer, mesh, plan, src_data_rank=None)
        for block in (layer.self_attn, *blocks.values()):
            block.register_forward_pre_hook(_AsReplicated(mesh))
        layer.self_attn.heads //= parts
        layer.self_attn.kv_heads //= parts
    if model.alibi is not None:
        model.alibi.slopes_H = model.alibi.slopes_H.chunk(parts)[grid.tensor_rank]
    model.layers[0].register_forward_pre_hook(_ShareOfEmbedding(parts))
    model.norm.register_forward_pre_hook(_SumOfTargets(grid))


class _AsReplicated:
    """Marks a block's input as the same in all processes: its gradient is then summed once, not once a map."""

    def __init__(self, mesh: Any) -> None:
        self.mesh = mesh

    def __call__(self, _: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        from torch.distributed.tensor import DTensor, Replicate

        return (DTensor.from_local(inputs[0], self.mesh, [Replicate()], run_check=False), *inputs[1:])


class _ShareOfEmbedding:
    """Before the first layer: gives the embedding a share of its gradient, which all processes have in full."""

    def __init__(self, parts: int) -> None:
        self.parts = parts

    def __call__(self, _: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        return (scaled(inputs[0], 1.0 / self.parts), *inputs[1:])


class _SumOfTargets:
    """Behind the last layer: adds up the gradients of the targets that each process has a share of."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid

    def __call__(self, _: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        return (_Summed.apply(inputs[0], self.grid), *inputs[1:])


def scaled(x: Tensor, scale: float) -> Tensor:
    """``x``, whose gradient is to be multiplied by ``scale``."""
    found: Tensor = _Scaled.apply(x, scale)
    return found


class _Scaled(torch.autograd.Function):
    """The same forwards; the gradient times a number."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: float) -> Tensor:
        ctx.scale = scale
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient * ctx.scale, None


class _Summed(torch.autograd.Function):
    """The same forwards; the gradient summed over the processes along ``tensor``."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, grid: Grid) -> Tensor:
        ctx.grid = grid
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return ctx.grid.add_up(gradient.contiguous().clone(), "tensor"), None
