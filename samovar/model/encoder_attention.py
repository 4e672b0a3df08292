"""Attention of encoders: every token looks at all others of its text, or of a window around it.

Axes: B batch, T queries, S keys, D model width, H heads, A head width, R kinds of distances.

Sources: Su et al. 2021, arXiv:2104.09864 (rotary positions); He et al. 2021, arXiv:2006.03654, section 3.1 (distances:
disentangled attention), and its version 2 and 3 (arXiv:2111.09543), where distances are told by the maps of content.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from samovar.model.linear import Linear
from samovar.model.positions import rotate
from samovar.model.settings import DecoderSettings


class Distances(NamedTuple):
    """What is told of how far tokens stand from each other."""

    table_RD: Tensor
    """The vector of each kind of distance."""
    kind_TS: Tensor
    """The kind of that from a query to a key, int64."""


class Look(NamedTuple):
    """What the attention of a layer is told of where tokens stand."""

    seen_B1TS: Tensor | None
    """Bool, True where a query may look; the axes may be of one. None: everywhere."""
    angles: tuple[Tensor, Tensor] | None = None
    """Cosines and sines by which queries and keys are rotated, BTA."""
    distances: Distances | None = None


class EncoderAttention(nn.Module):
    """Softmax attention in both directions."""

    def __init__(self, shape: DecoderSettings) -> None:
        super().__init__()
        width, bias = shape.hidden_size, shape.attention_bias
        self.heads = shape.num_heads
        self.q_proj = Linear(width, width, bias=bias)
        self.k_proj = Linear(width, width, bias=bias)
        self.v_proj = Linear(width, width, bias=bias)
        self.o_proj = Linear(width, width, bias=bias)

    def forward(self, x_BTD: Tensor, look: Look) -> Tensor:
        """What every token gathers from those that it may look at."""
        query_BHTA, key_BHSA, value_BHSA = (
            self._by_heads(mapped(x_BTD)) for mapped in (self.q_proj, self.k_proj, self.v_proj)
        )
        mask, scale = look.seen_B1TS, query_BHTA.shape[-1] ** -0.5
        if look.angles is not None:
            query_BHTA, key_BHSA = rotate(query_BHTA, *look.angles), rotate(key_BHSA, *look.angles)
        if look.distances is not None:
            scale *= 3**-0.5  # a score is the sum of three products
            bias_BHTS = scale * self._of_distances(query_BHTA, key_BHSA, look.distances)
            mask = bias_BHTS if mask is None else bias_BHTS.masked_fill(~mask, -torch.inf)
        mixed_BHTA = F.scaled_dot_product_attention(query_BHTA, key_BHSA, value_BHSA, attn_mask=mask, scale=scale)
        return self.o_proj(mixed_BHTA.transpose(1, 2).flatten(2))

    def _by_heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(-3, -2)

    def _of_distances(self, query_BHTA: Tensor, key_BHSA: Tensor, distances: Distances) -> Tensor:
        """How well each query goes with the distance to each key, and each key with the distance to it; BHTS."""
        table_RD = distances.table_RD.to(query_BHTA.dtype)
        of_query_BHTR = query_BHTA @ self._by_heads(self.k_proj(table_RD)).mT
        of_key_BHSR = key_BHSA @ self._by_heads(self.q_proj(table_RD)).mT
        kind_TS = distances.kind_TS
        return _Chosen.apply(of_query_BHTR, kind_TS) + _Chosen.apply(of_key_BHSR, kind_TS.mT).mT


class _Chosen(torch.autograd.Function):
    """Of every query's R numbers those of its kinds. torch's gather keeps the numbers too for its gradient, which with
    R = 512 are more than all that attention keeps else."""

    @staticmethod
    def forward(ctx: Any, numbers_BHTR: Tensor, kind_TS: Tensor) -> Tensor:
        """Give them, BHTS."""
        ctx.save_for_backward(kind_TS)
        ctx.shape = numbers_BHTR.shape
        return numbers_BHTR.gather(-1, kind_TS.expand(*numbers_BHTR.shape[:2], -1, -1))

    @staticmethod
    def backward(ctx: Any, gradient_BHTS: Tensor) -> tuple[Tensor, None]:
        """What every kind was taken for, summed."""
        (kind_TS,) = ctx.saved_tensors
        gradient_BHTR = gradient_BHTS.new_zeros(ctx.shape)
        return gradient_BHTR.scatter_add(-1, kind_TS.expand_as(gradient_BHTS), gradient_BHTS), None


def kinds_of_distances(length: int, num_buckets: int, max_distance: int, device: torch.device) -> Tensor:
    """The kind of the distance from each place of a row to each other, TS, from 0 to 2 ``num_buckets`` - 1.

    Near ones have a kind each, those from half of ``num_buckets`` on share kinds by the logarithm of their size.
    """
    place_T = torch.arange(length, device=device)
    distance_TS = place_T[:, None] - place_T[None, :]
    near = num_buckets // 2
    size_TS = distance_TS.abs().clamp(min=near)
    # In float32 throughout: which kind a distance at a border is of is a matter of rounding.
    share_TS = torch.log(size_TS / near) / torch.log(torch.tensor((max_distance - 1) / near))
    far_TS = distance_TS.sign() * (near + torch.ceil(share_TS * (near - 1))).long()
    kind_TS = torch.where(size_TS <= near, distance_TS, far_TS)
    return (kind_TS + num_buckets).clamp(0, 2 * num_buckets - 1)
