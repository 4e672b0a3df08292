"""The clipped surrogate of policy optimisation, which its algorithms share; they differ in their advantages.

Source: Schulman et al. 2017 (PPO), arXiv:1707.06347, equation 7. With it, as settings: unequal clipping (DAPO, Yu et
al. 2025, arXiv:2503.14476, section 3.1), the mean over tokens (there, 3.3) or over a constant length (Dr. GRPO, Liu et
al. 2025, arXiv:2503.20783), the ratio of whole answers (GSPO, Zheng et al. 2025, arXiv:2507.18071), and the estimate of
the divergence that is never negative (Schulman 2020, joschu.net/blog/kl-approx.html, k3), times the ratio of its token:
without that its gradient is another divergence's (DeepSeek-V3.2, arXiv:2512.02556, section 3.1).

Axes: N tokens of answers, A answers, B rows, T tokens, D model width.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from samovar.model.decoder import Decoder
from samovar.train.answers import Answers
from samovar.train.batches import Batch
from samovar.train.objectives.contract import Measured
from samovar.train.objectives.log_probs import token_log_probs
from samovar.train.rl.terms import Played

Average = Literal["tokens", "answers", "length"]
Importance = Literal["token", "answer"]
_FARTHEST = 20.0
"""Of a logarithm of ratios: beyond it a number that overflows says no more."""


@dataclass(frozen=True, slots=True)
class Policy(ABC):
    """Answers that were better than expected are to become likelier, within a trusted distance."""

    has_value: ClassVar[bool] = False
    """Whether a value head of the model is trained beside."""
    clip_low: float
    """How much less likely a token may become before its gain no longer counts, as a share."""
    clip_high: float
    """How much likelier."""
    kl_weight: float
    """Of the divergence from the reference, as a part of the loss."""
    average: Average
    """Over what the mean is taken: all tokens alike, all answers alike, or answers as if all were of one length."""
    importance: Importance
    """Whether ratios are of tokens or of whole answers (then per token, by the geometric mean)."""
    longest: int
    """Tokens of the longest answer, the constant of ``length``."""

    @property
    def looks_first(self) -> bool:
        """Whether advantages depend on what the model and the reference hold of the answers."""
        return False

    @abstractmethod
    def advantages(self, played: Played) -> tuple[Tensor, Tensor]:
        """How much better than expected each token turned out, and what the value head is to learn; N and N."""

    def weight(self, batch: Batch) -> int:
        """Tokens or answers, by ``average``."""
        assert batch.answers is not None
        return len(batch.answers.target_N) if self.average == "tokens" else len(batch.answers.end_A)

    def loss_sum(
        self, model: Decoder, batch: Batch, hidden_BTD: Tensor, new_N: Tensor | None = None
    ) -> Tensor | Measured:
        """The surrogate, negated, with how far the model has moved; ``new_N`` where log-probabilities are known."""
        answers, terms = batch.answers, batch.terms
        assert answers is not None  # rows of rollouts have both
        assert terms is not None
        if new_N is None:
            new_N = token_log_probs(model, batch, hidden_BTD)
        log_ratio_N = new_N - terms.old_N
        token_ratio_N = log_ratio_N.clamp(-_FARTHEST, _FARTHEST).exp()
        if self.importance == "answer":
            mean_A = answers.summed(log_ratio_N) / answers.length_A.clamp_min(1)
            log_ratio_N = mean_A[answers.owner_N]
        ratio_N = log_ratio_N.clamp(-_FARTHEST, _FARTHEST).exp()
        clipped_N = ratio_N.clamp(1 - self.clip_low, 1 + self.clip_high)
        gain_N = torch.minimum(ratio_N * terms.advantage_N, clipped_N * terms.advantage_N)
        loss_N = -gain_N
        if self.kl_weight and terms.reference_N is not None:
            loss_N = loss_N + self.kl_weight * token_ratio_N * divergence(new_N, terms.reference_N)
        share_N = self._shares(answers, 1.0 / self.longest if self.average == "length" else None)
        with torch.no_grad():
            counted_N = self._shares(answers, None)
            metrics = {
                "clipped_share": (counted_N * (gain_N < ratio_N * terms.advantage_N)).sum(),
                "surprise": -(counted_N * new_N).sum(),
                "moved": (counted_N * divergence(terms.old_N, new_N)).sum(),
            }
            if terms.reference_N is not None:
                metrics["kl"] = (counted_N * divergence(new_N, terms.reference_N)).sum()
        return Measured((share_N * loss_N).sum(), metrics)

    def _shares(self, answers: Answers, constant: float | None) -> Tensor:
        """How much each token counts, N; without a constant they add up to ``weight``."""
        if constant is not None:
            return torch.full_like(answers.target_N, constant, dtype=torch.float32)
        if self.average == "tokens":
            return torch.ones_like(answers.target_N, dtype=torch.float32)
        return 1.0 / answers.length_A[answers.owner_N]


def divergence(drawn_N: Tensor, other_N: Tensor) -> Tensor:
    """KL of who drew the tokens from the other, estimated token by token: k3, unbiased and never negative; N."""
    log_ratio_N = (other_N - drawn_N).clamp(-_FARTHEST, _FARTHEST)
    return log_ratio_N.exp() - 1 - log_ratio_N


def grouped_mean(reward_A: Tensor, group_A: Tensor) -> tuple[Tensor, Tensor]:
    """Of each answer, the mean reward of its prompt's answers and their number; A and A."""
    groups = int(group_A.max()) + 1
    count_G = torch.bincount(group_A, minlength=groups).float()
    total_G = torch.zeros(groups).index_add(0, group_A, reward_A)
    return (total_G / count_G)[group_A], count_G[group_A]


def over_tokens(advantage_A: Tensor, played: Played) -> tuple[Tensor, Tensor]:
    """One advantage an answer, for all of its tokens; nothing for a value head."""
    advantage_N = advantage_A[played.owner_N]
    return advantage_N, torch.zeros_like(advantage_N)
