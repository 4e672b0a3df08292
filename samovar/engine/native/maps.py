"""The linear maps of a decoder as the native step multiplies them: joined where they share an input, and packed.

Axes: O outputs, I inputs, G groups of inputs that share a scale, F hidden width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from samovar.engine.native.pack import Kind, PackedMatrix, pack, pack_int4, pack_int8
from samovar.model.int4 import MIDDLE, Int4Linear
from samovar.model.int8 import Int8Linear

GATED = 16
"""Rows of the gate that stand together, before as many of what they gate; as in rowwise.h."""


class Rows(NamedTuple):
    """Row-major weights of one map or of several, one under the other. Every tensor has a row an output."""

    kind: Kind
    values_OI: Tensor
    scale_OG: Tensor | None = None
    zero_OG: Tensor | None = None
    """None where every zero is 8."""
    bias_O: Tensor | None = None
    group: int = 0
    """Inputs that share a scale (int4)."""

    def pack(self) -> PackedMatrix:
        """In the native engine's own memory."""
        if self.kind is Kind.INT8 and self.scale_OG is not None:
            return pack_int8(self.values_OI, self.scale_OG, bias_O=self.bias_O)
        if self.kind is Kind.INT4 and self.scale_OG is not None:
            return pack_int4(self.values_OI, self.scale_OG, self.zero_OG, group=self.group, bias_O=self.bias_O)
        return pack(self.values_OI, self.kind, bias_O=self.bias_O)


def rows_of(linear: nn.Module, kind: Kind | None = None) -> Rows:
    """The weights of a map; whole numbers stay the very numbers that they are.

    Args:
        linear: a map of any form.
        kind: what a map in floating point is rounded to; by default what keeps every weight as it is.
    """
    if isinstance(linear, Int8Linear):
        return Rows(Kind.INT8, linear.weight, linear.weight_scale, None, linear.bias)
    if isinstance(linear, Int4Linear):
        scale_OG, zero_OG = linear.grid()
        zeros = None if bool((zero_OG == MIDDLE).all()) else zero_OG.to(torch.uint8)
        return Rows(Kind.INT4, linear.codes(), scale_OG, zeros, linear.bias, linear.group)
    if not isinstance(linear, nn.Linear):  # NF4, which has no product of its own
        return Rows(Kind.BF16, linear.dequantize(), bias_O=linear.bias)  # type: ignore[operator,arg-type]
    weight = linear.weight.detach()
    wanted = kind_of(weight) if kind is None else kind
    if wanted is Kind.INT8:
        return rows_of(Int8Linear.of(linear))
    if wanted is Kind.INT4:
        return rows_of(Int4Linear.of(linear, group=_group(linear.in_features)))
    return Rows(wanted, weight, bias_O=linear.bias)


def kind_of(weight: Tensor) -> Kind:
    """The narrower of bfloat16 and float32 that keeps these numbers.

    Models are often stored in two bytes and opened in four.
    """
    is_exact = weight.dtype == torch.bfloat16 or torch.equal(weight.to(torch.bfloat16).to(weight.dtype), weight)
    return Kind.BF16 if is_exact else Kind.F32


def join(parts: Sequence[Rows]) -> Rows:
    """The maps one under the other. Where their forms differ, bfloat16 of what they stand for, or float32 of floats."""
    kinds = {part.kind for part in parts}
    if kinds == {Kind.F32, Kind.BF16}:
        parts = [part._replace(kind=Kind.F32, values_OI=part.values_OI.float()) for part in parts]
    elif len({(part.kind, part.group) for part in parts}) > 1:
        parts = [_plain(part) for part in parts]
    return Rows(
        parts[0].kind,
        torch.cat([part.values_OI for part in parts]),
        _join([part.scale_OG for part in parts], parts, 1.0),
        _join([part.zero_OG for part in parts], parts, MIDDLE),
        _join([part.bias_O for part in parts], parts, 0.0),
        parts[0].group,
    )


def weave(gate: Rows, up: Rows) -> Rows:
    """GATED rows of the gate, as many of what they gate, and so on: who computes one computes the other."""
    kind, *tensors, group = join((gate, up))
    values, scale, zero, bias = (_woven(tensor) for tensor in tensors)
    return Rows(kind, values, scale, zero, bias, group)


def _join(tensors: Sequence[Tensor | None], parts: Sequence[Rows], default: float) -> Tensor | None:
    """One under the other; ``default`` for those that have none, None where none has any."""
    known = next((tensor for tensor in tensors if tensor is not None), None)
    if known is None:
        return None
    shapes = [(len(part.values_OI), *known.shape[1:]) for part in parts]
    filled = [
        known.new_full(shape, default) if tensor is None else tensor
        for tensor, shape in zip(tensors, shapes, strict=True)
    ]
    return torch.cat(filled).detach()


def _woven(both: Any) -> Any:
    """The two halves of its rows in turn; None stays None."""
    if both is None:
        return None
    halves = both.view(2, -1, GATED, *both.shape[1:])
    return halves.transpose(0, 1).reshape(both.shape)


def _plain(rows: Rows) -> Rows:
    """In bfloat16."""
    values = rows.values_OI.float()
    if rows.kind is Kind.INT4 and rows.scale_OG is not None:
        scale, zero = (
            torch.full_like(rows.scale_OG, MIDDLE) if tensor is None else tensor.float()
            for tensor in (rows.scale_OG, rows.zero_OG)
        )
        size = values.shape[1] // scale.shape[1]
        values = (values - zero.repeat_interleave(size, 1)) * scale.repeat_interleave(size, 1)
    elif rows.scale_OG is not None:
        values = values * rows.scale_OG
    return Rows(Kind.BF16, values.to(torch.bfloat16), bias_O=rows.bias_O)


def _group(inputs: int) -> int:
    """The usual size of a group, or the largest smaller power of two that divides the inputs."""
    return next(size for size in (32, 16, 8) if not inputs % size)
