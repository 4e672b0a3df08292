"""Attention for training on a CPU, written out as matrix products: where ``document_attention.py`` cannot be had.

Axes: B batch, H heads, T queries, S keys, A head width.

torch's fused attention keeps no scores, which saves memory for long rows; on a CPU its kernel runs far below the speed
of the processor's bfloat16 products. Written out, with the probabilities kept for the backward pass, forward and
backward together took 32 ms instead of 92 at T = 256 and 55 instead of 153 at T = 512 (8,192 tokens, 4 heads of 64,
one Zen 5 core, softmax compiled). The probabilities take T / A times the queries' memory, so it is for short rows.

Queries are taken in blocks, each with the keys up to its own last one: a causal mask would throw the rest away. At
T = 512 that took a tenth off the whole step of a model of 6M parameters (LOG.md).
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from samovar.model.query_blocks import LONGEST_WRITTEN_OUT, query_blocks


class _WrittenOut(torch.autograd.Function):
    """softmax(scale Q Kᵀ) V, the softmax in float32; Vaswani et al. 2017, arXiv:1706.03762, section 3.2.1."""

    @staticmethod
    def forward(
        ctx: Any, query_BHTA: Tensor, key_BHSA: Tensor, value_BHSA: Tensor, mask_B1TS: Tensor, scale: float
    ) -> Tensor:
        """Give the mixed values, BHTA."""
        shares, mixed = [], []
        for first, last in query_blocks(query_BHTA.shape[2]):
            query, key, value = query_BHTA[:, :, first:last], key_BHSA[:, :, :last], value_BHSA[:, :, :last]
            scores_BHTS = torch.matmul(query, key.mT).float() * scale
            masked_BHTS = scores_BHTS.masked_fill(~mask_B1TS[:, :, first:last, :last], -torch.inf)
            shares.append(torch.softmax(masked_BHTS, dim=-1).to(query.dtype))
            mixed.append(torch.matmul(shares[-1], value))
        ctx.save_for_backward(query_BHTA, key_BHSA, value_BHSA, *shares)
        ctx.scale = scale
        return torch.cat(mixed, dim=2)

    @staticmethod
    def backward(ctx: Any, gradient_BHTA: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        """The softmax's gradient is p (g - sum p g); a masked place has p = 0 and so no gradient."""
        query_BHTA, key_BHSA, value_BHSA, *shares = ctx.saved_tensors
        for_query = []
        for_key, for_value = (torch.zeros_like(x, dtype=torch.float32) for x in (key_BHSA, value_BHSA))
        for (first, last), share_BHTS in zip(query_blocks(query_BHTA.shape[2]), shares, strict=True):
            query, gradient = query_BHTA[:, :, first:last], gradient_BHTA[:, :, first:last]
            share = share_BHTS.float()
            pulled = torch.matmul(gradient, value_BHSA[:, :, :last].mT).float() * share
            for_scores = (pulled - share * pulled.sum(-1, keepdim=True)) * ctx.scale
            for_scores = for_scores.to(query.dtype)
            for_query.append(torch.matmul(for_scores, key_BHSA[:, :, :last]))
            for_key[:, :, :last] += torch.matmul(for_scores.mT, query)
            for_value[:, :, :last] += torch.matmul(share_BHTS.mT, gradient)
        return torch.cat(for_query, dim=2), for_key.to(key_BHSA.dtype), for_value.to(value_BHSA.dtype), None, None


def _softcapped(
    query_BHTA: Tensor, key_BHSA: Tensor, value_BHSA: Tensor, mask_BHTS: Tensor, scale: float, softcap: float
) -> Tensor:
    """Attention whose scores are bent by a tanh, which no fused kernel of torch does; the softmax in float32."""
    scores_BHTS = torch.matmul(query_BHTA, key_BHSA.mT).float() * scale
    scores_BHTS = softcap * torch.tanh(scores_BHTS / softcap)
    if mask_BHTS.dtype == torch.bool:
        scores_BHTS = scores_BHTS.masked_fill(~mask_BHTS, -torch.inf)
    else:
        scores_BHTS = scores_BHTS + mask_BHTS
    return torch.matmul(torch.softmax(scores_BHTS, dim=-1).to(query_BHTA.dtype), value_BHSA)


def attend(
    query_BHTA: Tensor,
    key_BKSA: Tensor,
    value_BKSA: Tensor,
    mask_BHTS: Tensor | None,
    *,
    scale: float | None = None,
    softcap: float | None = None,
) -> Tensor:
    """Mix the values by the likeness of queries and keys, BHTA.

    Args:
        query_BHTA: queries.
        key_BKSA: keys of K heads; K divides H.
        value_BKSA: values.
        mask_BHTS: bool, True where a query may look; or float, added to the scores. None: causal.
        scale: what scores are multiplied by; by default 1 / sqrt(A).
        softcap: scores are bent into plus or minus this by a tanh, before the mask.
    """
    heads, length, width = query_BHTA.shape[1:]
    scale = width**-0.5 if scale is None else scale
    is_bias = mask_BHTS is not None and mask_BHTS.dtype != torch.bool
    is_trained_here = query_BHTA.is_cpu and query_BHTA.requires_grad and length <= LONGEST_WRITTEN_OUT and not is_bias
    if softcap is None and not is_trained_here:
        return F.scaled_dot_product_attention(
            query_BHTA,
            key_BKSA,
            value_BKSA,
            attn_mask=mask_BHTS.to(query_BHTA.dtype) if mask_BHTS is not None and is_bias else mask_BHTS,
            is_causal=mask_BHTS is None and length > 1,
            scale=scale,
            enable_gqa=heads != key_BKSA.shape[1],
        )
    groups = heads // key_BKSA.shape[1]
    if groups > 1:
        key_BKSA, value_BKSA = (x.repeat_interleave(groups, dim=1) for x in (key_BKSA, value_BKSA))
    if mask_BHTS is None:
        keys = key_BKSA.shape[2]
        mask_BHTS = torch.ones(length, keys, dtype=torch.bool, device=query_BHTA.device).tril(keys - length)[None, None]
    if softcap is not None:
        return _softcapped(query_BHTA, key_BKSA, value_BKSA, mask_BHTS, scale, softcap)
    return _WrittenOut.apply(query_BHTA, key_BKSA, value_BKSA, mask_BHTS, scale)
