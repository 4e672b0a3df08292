"""Log-probabilities of the tokens of answers, with their gradient, without all logits in memory at one time.

Axes: N tokens, D model width, V vocabulary, A answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from samovar.model.decoder import Decoder
from samovar.train.batches import Batch
from samovar.train.objectives.chunks import targets_at_once


def token_log_probs(model: Decoder, batch: Batch, hidden_BTD: Tensor, *, at_once: int | None = None) -> Tensor:
    """Of each token of the answers in ``batch``, its log-probability in nats; float32, N.

    Where they are many, the head is gone through a chunk at a time, and once more for the gradient: what a token's
    gradient is multiplied by is known when all of an answer's tokens are.

    Args:
        model: for its head.
        batch: has answers.
        hidden_BTD: of its tokens.
        at_once: tokens whose logits are held at one time; by default as the device's memory likes it.
    """
    assert batch.answers is not None  # the objective is one of answers
    hidden_ND, target_N = hidden_BTD.flatten(0, 1)[batch.answers.place_N], batch.answers.target_N
    at_once = at_once or targets_at_once(model.settings.vocab_size, hidden_ND.device.type)
    if len(target_N) <= at_once:
        return _of_chunk(model.head, hidden_ND, target_N)
    pieces = zip(hidden_ND.split(at_once), target_N.split(at_once), strict=True)
    return torch.cat([checkpoint(_of_chunk, model.head, *piece, use_reentrant=False) for piece in pieces])


def answer_log_probs(model: Decoder, batch: Batch, hidden_BTD: Tensor) -> Tensor:
    """Of each answer in ``batch``, the log-probability in nats given its prompt; float32, A."""
    assert batch.answers is not None
    return batch.answers.summed(token_log_probs(model, batch, hidden_BTD))


def _of_chunk(head: Callable[[Tensor], Tensor], hidden_ND: Tensor, target_N: Tensor) -> Tensor:
    log_prob_N: Tensor = _LogProb.apply(head(hidden_ND), target_N)
    return log_prob_N


class _LogProb(torch.autograd.Function):
    """``log_softmax(logits)[target]``, which keeps the logits alone and not their softmax in float32."""

    @staticmethod
    def forward(ctx: Any, logits_NV: Tensor, target_N: Tensor) -> Tensor:
        """Give the log-probabilities."""
        target_N1 = target_N.unsqueeze(1)
        total_N = logits_NV.float().logsumexp(dim=-1)
        ctx.save_for_backward(logits_NV, target_N1, total_N)
        return logits_NV.gather(1, target_N1).squeeze(1).float() - total_N

    @staticmethod
    def backward(ctx: Any, gradient_N: Tensor) -> tuple[Tensor, None]:
        """One at the target, less the probabilities."""
        logits_NV, target_N1, total_N = ctx.saved_tensors
        for_logits_NV = (logits_NV.float() - total_N.unsqueeze(1)).exp_().mul_(-gradient_N.unsqueeze(1))
        for_logits_NV.scatter_add_(1, target_N1, gradient_N.unsqueeze(1))
        return for_logits_NV.to(logits_NV.dtype), None
