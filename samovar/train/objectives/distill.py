"""Distillation: at every token that the assistant says, the student is to expect what the teacher expects.

Sources: Hinton et al. 2015, arXiv:1503.02531, section 2 (soft targets under a temperature); reverse divergence: Gu et
al. 2024 (MiniLLM), arXiv:2306.08543; the generalised Jensen-Shannon divergence between both, and answers that the
student drew itself: Agarwal et al. 2024 (GKD), arXiv:2306.13649, equation 1 and algorithm 1.

Where of a teacher the likeliest tokens alone are known, all others are one more token on both sides: were they left
out, the student would take the likeliest ones for all there are (Anshumann et al. 2025, arXiv:2503.16870, section 3).

Axes: N targets, D model width, V vocabulary, B rows, T tokens, K likeliest tokens.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from samovar.model.decoder import Decoder
from samovar.train.batches import IGNORED, Batch, hidden_of
from samovar.train.expected import Expected, log_rest
from samovar.train.objectives import next_token
from samovar.train.objectives.chunks import targets_at_once
from samovar.train.objectives.contract import Measured

Divergence = Literal["forward", "reverse", "jensen_shannon"]


@dataclass(frozen=True, slots=True)
class Distill:
    """The divergence of the student from the teacher, and a share of the plain loss."""

    teacher: Decoder | None
    """Goes through each batch that does not say what it expects; None: all of them do."""
    divergence: Divergence
    beta: float
    """Of jensen_shannon: the teacher's share of the mixture; near 0 it behaves as forward, near 1 as reverse."""
    temperature: float
    """Under which what a batch says is expected was found as well."""
    hard_share: float
    """Weight of the right token itself; the divergence has the rest, and all where the student drew the answers."""

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
        at_once = targets_at_once(model.settings.vocab_size, hidden_BTD.device.type)
        parts = (hidden_BTD.flatten(0, 1)[place_N], target_N, weight_N, *self._taught(batch, place_N))
        soft = hard = torch.zeros((), device=hidden_BTD.device)
        for piece in zip(*(part.split(at_once) for part in parts), strict=True):
            found = checkpoint(self._of_chunk, model, *piece, use_reentrant=False)
            soft, hard = soft + found[0], hard + found[1]
        hard_share = 0.0 if batch.is_drawn else self.hard_share
        loss = (1 - hard_share) * soft + hard_share * hard
        return Measured(loss, {"divergence": soft.detach(), "cross_entropy": hard.detach()})

    @torch.no_grad()
    def _taught(self, batch: Batch, place_N: Tensor) -> tuple[Tensor, ...]:
        """What the teacher expects at the targets: told by the batch, or as its hidden states, ND."""
        if batch.expected is not None:
            return tuple(batch.expected)
        assert self.teacher is not None  # the batches of a run that has none say it
        taught_BTD = hidden_of(self.teacher, batch)
        return (taught_BTD.flatten(0, 1)[place_N],)

    def _of_chunk(
        self, model: Decoder, hidden_ND: Tensor, target_N: Tensor, weight_N: Tensor, *taught: Tensor
    ) -> tuple[Tensor, Tensor]:
        logits_NV = model.head(hidden_ND).float()
        student, teacher = self._both(logits_NV, *taught)
        found_N = divergences(student, teacher, self.divergence, self.beta)
        hard_N = -logits_NV.log_softmax(-1).gather(1, target_N.unsqueeze(1)).squeeze(1)
        # The gradient of soft targets shrinks with the square of the temperature (Hinton et al., section 2).
        return (weight_N * found_N).sum() * self.temperature**2, (weight_N * hard_N).sum()

    def _both(self, logits_NV: Tensor, *taught: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probabilities of student and teacher over the same tokens."""
        if len(taught) == 1:
            assert self.teacher is not None
            with torch.no_grad():
                taught_NV = self.teacher.head(taught[0]).float()
            # Tables may be padded beyond the vocabulary, each to its own size.
            size = min(logits_NV.shape[1], taught_NV.shape[1])
            both = (logits_NV[:, :size], taught_NV[:, :size])
            return (both[0] / self.temperature).log_softmax(-1), (both[1] / self.temperature).log_softmax(-1)
        expected = Expected(*taught)
        student_NV = (logits_NV / self.temperature).log_softmax(-1)
        token_NK = expected.token_NK
        same = Expected(token_NK, student_NV.gather(1, token_NK), log_rest(student_NV, token_NK))
        return same.log_shares(), expected.log_shares()


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
