"""What the objectives over pairs of answers have in common: their log-probabilities, and what is written down of them.

Axes: P pairs, A answers (two a pair, the chosen one first), B rows, T tokens, D model width.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from samovar.model.decoder import Decoder
from samovar.train.answers import Answers
from samovar.train.batches import Batch
from samovar.train.objectives.contract import Measured
from samovar.train.objectives.log_probs import answer_log_probs


class Pairs(NamedTuple):
    """Log-probabilities of answers in nats, float32, P each."""

    chosen_P: Tensor
    rejected_P: Tensor
    chosen_reference_P: Tensor
    """Under the reference; 0 where there is none."""
    rejected_reference_P: Tensor
    chosen_length_P: Tensor
    """Tokens."""
    rejected_length_P: Tensor

    @classmethod
    def of(cls, log_prob_A: Tensor, answers: Answers) -> Pairs:
        """Those of the answers of a batch."""
        sides = (log_prob_A, answers.reference_A, answers.length_A)
        return cls(*(side.unflatten(0, (-1, 2))[:, place] for side in sides for place in (0, 1)))

    @property
    def chosen_gain_P(self) -> Tensor:
        """How much likelier the chosen answer is than under the reference: the logarithm of the ratio."""
        return self.chosen_P - self.chosen_reference_P

    @property
    def rejected_gain_P(self) -> Tensor:
        """The same of the rejected one."""
        return self.rejected_P - self.rejected_reference_P


@dataclass(frozen=True, slots=True)
class PairObjective(ABC):
    """A loss of each pair, from nothing but the log-probabilities of its answers."""

    needs_reference: ClassVar[bool] = True
    """Whether it compares with a reference."""

    beta: float
    """What log-probabilities are multiplied by to be rewards; a large one keeps the model near the reference."""
    chosen_weight: float = field(default=0.0, kw_only=True)
    """Weight of learning the chosen answer as well (Pang et al. 2024, arXiv:2404.19733, equation 1). A difference of
    log-probabilities does not see what other words gain: in small models both answers lose to nonsense without it."""

    def weight(self, batch: Batch) -> int:
        """Pairs."""
        assert batch.answers is not None
        return len(batch.answers.end_A) // 2

    def loss_sum(self, model: Decoder, batch: Batch, hidden_BTD: Tensor) -> Tensor | Measured:
        """The losses of the pairs, summed, and how they are told apart."""
        assert batch.answers is not None
        pairs = Pairs.of(answer_log_probs(model, batch, hidden_BTD), batch.answers)
        loss = self.losses(pairs).sum()
        if self.chosen_weight:
            loss = loss - self.chosen_weight * (pairs.chosen_P / pairs.chosen_length_P).sum()
        return Measured(loss, self.metrics(pairs))

    @abstractmethod
    def losses(self, pairs: Pairs) -> Tensor:
        """The loss of each pair, P."""

    def rewards(self, pairs: Pairs) -> tuple[Tensor, Tensor]:
        """What the model holds each answer to be worth, P and P: the reward that the loss is written in."""
        return self.beta * pairs.chosen_gain_P, self.beta * pairs.rejected_gain_P

    @torch.no_grad()
    def metrics(self, pairs: Pairs) -> dict[str, Tensor]:
        """Sums over the pairs: those told apart rightly, by how much, and what became likelier."""
        chosen_P, rejected_P = self.rewards(pairs)
        return {
            "accuracy": (chosen_P > rejected_P).float().sum(),
            "reward_margin": (chosen_P - rejected_P).sum(),
            "chosen_reward": chosen_P.sum(),
            "rejected_reward": rejected_P.sum(),
            "chosen_log_prob": pairs.chosen_P.sum(),
            "rejected_log_prob": pairs.rejected_P.sum(),
        }
