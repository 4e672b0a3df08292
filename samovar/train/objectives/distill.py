"""Distillation: at every token that the assistant says, the student is to expect what the teacher expects.

Sources: Hinton et al. 2015, arXiv:1503.02531, section 2 (soft targets under a temperature); reverse divergence: Gu et
al. 2024 (MiniLLM), arXiv:2306.08543; the generalised Jensen-Shannon divergence between both: Agarwal et al. 2024 (GKD),
arXiv:2306.13649, equation 1.

Axes: N targets, D model width, V vocabulary, B rows, T tokens.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from samovar.model.decoder import Decoder
from samovar.train.batches import IGNORED, Batch
from samovar.train.objectives import next_token
from samovar.train.objectives.chunks import targets_at_once
from samovar.train.objectives.contract import Measured

Divergence = Literal["forward", "reverse", "jensen_shannon"]


@dataclass(frozen=True, slots=True)
class Distill:
    """The divergence of the student from the teacher, and a share of the plain loss."""

    teacher: Decoder
    divergence: Divergence
    beta: float
    """Of jensen_shannon: the teacher's share of the mixture; near 0 it behaves as forward, near 1 as reverse."""
    temperature: float
    hard_share: float
    """Weight of the right token itself; the divergence has the rest."""

    def weight(self, batch: Batch) -> float:
        """Targets, each by its weight."""
        return next_token.weight(batch)

    def loss_sum(self, model: Decoder, batch: Batch, hidden_BTD: Tensor) -> Tensor | Measured:
        """Both parts, summed over the targets, a chunk of them at a time."""
        place_N = (batch.target_BT.flatten() != IGNORED).nonzero().squeeze(1)
        target_N = batch.target_BT.flatten()[place_N]
        weight_N = torch.ones_like(target_N, dtype=torch.float32)
        if batch.weight_BT is not None:
            weight_N = batch.weight_BT.flatten()[place_N]
        with torch.no_grad():
            taught_BTD = self.teacher.hidden(batch.tokens_BT, document_BT=batch.document_BT)
        pieces = zip(
            *(
                whole.split(targets_at_once(model.settings.vocab_size, hidden_BTD.device.type))
                for whole in (
                    hidden_BTD.flatten(0, 1)[place_N],
                    taught_BTD.flatten(0, 1)[place_N],
                    target_N,
                    weight_N,
                )
            ),
            strict=True,
        )
        soft = hard = torch.zeros((), device=hidden_BTD.device)
        for piece in pieces:
            found = checkpoint(self._of_chunk, model, *piece, use_reentrant=False)
            soft, hard = soft + found[0], hard + found[1]
        loss = (1 - self.hard_share) * soft + self.hard_share * hard
        return Measured(loss, {"divergence": soft.detach(), "cross_entropy": hard.detach()})

    def _of_chunk(
        self, model: Decoder, hidden_ND: Tensor, taught_ND: Tensor, target_N: Tensor, weight_N: Tensor
    ) -> tuple[Tensor, Tensor]:
        logits_NV = model.head(hidden_ND).float()
        with torch.no_grad():
            taught_NV = self.teacher.head(taught_ND).float()
        # Tables may be padded beyond the vocabulary, each to its own size.
        size = min(logits_NV.shape[1], taught_NV.shape[1])
        student_NV = (logits_NV[:, :size] / self.temperature).log_softmax(-1)
        teacher_NV = (taught_NV[:, :size] / self.temperature).log_softmax(-1)
        found_N = divergences(student_NV, teacher_NV, self.divergence, self.beta)
        hard_N = -logits_NV.log_softmax(-1).gather(1, target_N.unsqueeze(1)).squeeze(1)
        # The gradient of soft targets shrinks with the square of the temperature (Hinton et al., section 2).
        return (weight_N * found_N).sum() * self.temperature**2, (weight_N * hard_N).sum()


def divergences(student_NV: Tensor, teacher_NV: Tensor, kind: Divergence, beta: float = 0.5) -> Tensor:
    """Of each row of log-probabilities, in nats; N.

    forward: KL(teacher || student), which wants all that the teacher may say. reverse: KL(student || teacher), which
    wants nothing that the teacher would not. jensen_shannon: beta KL(teacher || mixture) and (1 - beta) KL(student ||
    mixture), the mixture having beta of the teacher.
    """
    if kind == "forward":
        return _kl(teacher_NV, student_NV)
    if kind == "reverse":
        return _kl(student_NV, teacher_NV)
    mixed_NV = torch.logaddexp(teacher_NV + math.log(beta), student_NV + math.log1p(-beta))
    return beta * _kl(teacher_NV, mixed_NV) + (1 - beta) * _kl(student_NV, mixed_NV)


def _kl(p_NV: Tensor, q_NV: Tensor) -> Tensor:
    return (p_NV.exp() * (p_NV - q_NV)).sum(-1)
