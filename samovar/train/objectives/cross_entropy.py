"""Cross-entropy that never holds the logits of a whole batch.

Axes: N targets, D model width, V vocabulary.

The logits of all targets, with their log-probabilities and gradients, take 12 bytes each: more than all else in a small
model, and at a vocabulary of 150,000 more than most machines have. So a chunk of targets at a time goes through the
head, and its gradient back through it at once, in the forward pass: what is left of a chunk are the gradient of its
hidden states and its part of the gradient of the head. (Hsu et al. 2024, arXiv:2410.10989, section 3.2, do so in a
kernel.) Nothing is computed twice.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from samovar.engine.gpu.toolchain import objection
from samovar.model.decoder import Decoder
from samovar.train.native import LIBRARY
from samovar.train.objectives import cross_entropy_cpu
from samovar.train.objectives.chunks import targets_at_once

_SPARED = 4
"""Targets in the memory of one, where the gradient takes the place of the logits: 2 bytes a logit, not 12 or 8."""


def cross_entropy_sum(
    model: Decoder,
    hidden_ND: Tensor,
    target_N: Tensor,
    *,
    z_loss: float = 0.0,
    smoothing: float = 0.0,
    weight_N: Tensor | None = None,
    at_once: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Cross-entropy in nats, summed over the targets, and the z-loss that is in it; float32 scalars.

    The z-loss is ``z_loss`` times the sum of the squared logarithm of the softmax's denominator (Chowdhery et al. 2022,
    arXiv:2204.02311, section 5), which keeps logits from drifting. Only the first of the two has a gradient.

    Args:
        model: whose head makes the logits, its soft cap and all.
        hidden_ND: its normed hidden states.
        target_N: int64; the right token of each.
        z_loss: its weight.
        smoothing: share of a target's probability that all tokens are to have alike (Szegedy et al. 2016,
            arXiv:1512.00567, section 7).
        weight_N: float32; what the loss of each target is multiplied by. None: by one.
        at_once: targets whose logits are held at one time; by default as the device's memory and caches like it.
    """
    in_place = _in_place(hidden_ND)
    differentiate = in_place or (_compiled() if model.is_compiled else loss_and_gradient)
    if at_once is None:
        at_once = targets_at_once(model.settings.vocab_size, hidden_ND.device.type)
        at_once *= _SPARED if hidden_ND.is_cuda and in_place else 1
    head: nn.Module = model.embed_tokens if model.lm_head is None else model.lm_head
    weights = [p for p in head.parameters() if p.requires_grad] if torch.is_grad_enabled() else []
    loss, z_part = _InChunks.apply(
        model.head, differentiate, target_N, z_loss, smoothing, weight_N, at_once, hidden_ND, *weights
    )
    return loss, z_part


def loss_and_gradient(
    logits_NV: Tensor, target_N: Tensor, z_loss: float, smoothing: float = 0.0, weight_N: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """The summed loss with its z-loss, the z-loss alone, and the gradient of the first by the logits.

    Softmax in float32; the gradient has the type of the logits. With p the probabilities and z the logarithm of their
    denominator, it is p (1 + 2 z_loss z), less 1 at the target; smoothed by e among V tokens, less e / V everywhere and
    1 - e at the target.
    """
    logits = logits_NV.float()
    log_share_NV = logits.log_softmax(dim=-1)
    z_N = logits[:, 0] - log_share_NV[:, 0]
    z_part_N = z_loss * z_N.square()
    loss_N = -(1.0 - smoothing) * log_share_NV.gather(1, target_N.unsqueeze(1)).squeeze(1)
    if smoothing:
        loss_N -= smoothing * log_share_NV.mean(dim=-1)
    gradient_NV = log_share_NV.exp_()
    if z_loss:
        gradient_NV *= (1.0 + 2.0 * z_loss * z_N).unsqueeze(1)
    if smoothing:
        gradient_NV -= smoothing / logits.shape[1]
    gradient_NV.scatter_add_(1, target_N.unsqueeze(1), gradient_NV.new_full((len(target_N), 1), smoothing - 1.0))
    if weight_N is not None:
        loss_N, z_part_N = loss_N * weight_N, z_part_N * weight_N
        gradient_NV *= weight_N.unsqueeze(1)
    z_part = z_part_N.sum()
    return loss_N.sum() + z_part, z_part, gradient_NV.to(logits_NV.dtype)


def _in_place(hidden_ND: Tensor) -> Callable[..., tuple[Tensor, Tensor, Tensor]] | None:
    """The kernel that does the same in place; None where there is no Triton for a GPU, no compiler for a processor."""
    if hidden_ND.is_cuda:
        return _on_gpu()
    is_known = hidden_ND.is_cpu and hidden_ND.dtype in (torch.float32, torch.bfloat16)
    return cross_entropy_cpu.loss_and_gradient_in_place if is_known and LIBRARY.library() is not None else None


@functools.cache
def _on_gpu() -> Callable[..., tuple[Tensor, Tensor, Tensor]] | None:
    if objection():
        return None
    from samovar.train.objectives.cross_entropy_gpu import loss_and_gradient_in_place

    return loss_and_gradient_in_place


@functools.cache
def _compiled() -> Callable[..., tuple[Tensor, Tensor, Tensor]]:
    """The same in one pass over the logits: a tenth off the head and the loss together (LOG.md)."""
    compiled: Callable[..., tuple[Tensor, Tensor, Tensor]] = torch.compile(loss_and_gradient, dynamic=True)
    return compiled


class _InChunks(torch.autograd.Function):
    """The gradient is made in the forward pass and waits for the backward pass to be scaled."""

    @staticmethod
    def forward(
        ctx: Any,
        head: Callable[[Tensor], Tensor],
        differentiate: Callable[..., tuple[Tensor, Tensor, Tensor]],
        target_N: Tensor,
        z_loss: float,
        smoothing: float,
        weight_N: Tensor | None,
        at_once: int,
        hidden_ND: Tensor,
        *weights: nn.Parameter,
    ) -> tuple[Tensor, Tensor]:
        """Give the sums; see ``cross_entropy_sum``."""
        sums = torch.zeros(2, device=hidden_ND.device)
        is_wanted = any(ctx.needs_input_grad)
        for_hidden = torch.zeros_like(hidden_ND) if is_wanted else None
        for_weights: list[Tensor] = [torch.zeros_like(weight) for weight in weights] if is_wanted else []
        for first in range(0, len(target_N), at_once):
            part = slice(first, first + at_once)
            piece = hidden_ND[part].detach().requires_grad_(is_wanted)
            with torch.set_grad_enabled(is_wanted):
                logits_NV = head(piece)
            weight = None if weight_N is None else weight_N[part]
            loss, z_part, gradient_NV = differentiate(logits_NV.detach(), target_N[part], z_loss, smoothing, weight)
            sums += torch.stack((loss, z_part))
            if for_hidden is not None:
                for_hidden[part], *found = torch.autograd.grad(logits_NV, (piece, *weights), gradient_NV)
                for total, one in zip(for_weights, found, strict=True):
                    total += one
        ctx.gradients = (for_hidden, *for_weights)
        loss, z_part = sums
        ctx.mark_non_differentiable(z_part)
        return loss, z_part

    @staticmethod
    def backward(ctx: Any, scale: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        """Scale what the forward pass found, in place: it is as large as the head."""
        gradients, ctx.gradients = ctx.gradients, None
        if gradients is None:
            raise RuntimeError("the gradient of this loss was taken already")
        return (None,) * 7 + tuple(gradient.mul_(scale) for gradient in gradients)
