"""How unlike training and the engine that drew the answers hold them, and what makes up for it.

The engine rounds and adds up in another order than training, and answers that were drawn ahead are of weights one
iteration older. So tokens count by how much likelier they are to the model in training than they were to who drew them,
up to a cap: truncated importance sampling (Yao et al. 2025, "Your Efficient RL Framework Secretly Brings You Off-Policy
RL Training"). It is a factor beside the clipped ratio, which tells how far the update has moved since (the decoupled
objective of Hilton et al. 2022, arXiv:2110.00641; for answers drawn ahead, Fu et al. 2025, arXiv:2505.24298).

Axes: N tokens of answers, B rows, T tokens, D model width.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from samovar.model.decoder import Decoder
from samovar.train.batches import Batch
from samovar.train.objectives.contract import Measured
from samovar.train.objectives.log_probs import token_log_probs
from samovar.train.objectives.policy import Policy, divergence


class Mismatch:
    """Adds up, over all tokens of an iteration, how far both are apart."""

    def __init__(self, cap: float | None) -> None:
        self._most = None if cap is None else math.log(cap)
        self._count = self._num_capped = 0
        self._total = self._kl = self._largest = 0.0

    def weigh(self, trained_N: Tensor, drawn_N: Tensor) -> Tensor:
        """How much each token counts, N; both are log-probabilities, before the first step and when it was drawn."""
        gap_N = trained_N - drawn_N
        self._count += len(gap_N)
        self._total += float(gap_N.abs().sum())
        self._largest = max(self._largest, float(gap_N.abs().max()))
        self._kl += float(divergence(drawn_N, trained_N).sum())
        if self._most is None:
            return torch.ones_like(gap_N)
        self._num_capped += int((gap_N > self._most).sum())
        return gap_N.clamp(max=self._most).exp()

    def numbers(self) -> dict[str, float]:
        """Of a token, in nats: the mean and the largest difference, and the divergence (k3); the share at the cap."""
        count = max(1, self._count)
        return {
            "mismatch": self._total / count,
            "mismatch_max": self._largest,
            "mismatch_kl": self._kl / count,
            "capped_share": self._num_capped / count,
        }


class FirstLook:
    """A policy whose one step is also the first look at the answers: as ``Objective``.

    What is old is then what is new before its gradient is taken, so that a pass over all answers is saved. The terms
    have the engine's log-probabilities in the place of the old ones.
    """

    def __init__(self, policy: Policy, mismatch: Mismatch, *, samples_reference: bool) -> None:
        """Look through the policy's eyes.

        Args:
            policy: whose loss it is.
            mismatch: is told of all tokens.
            samples_reference: the loss needs no reference, and the terms have it of some tokens: NaN of the others.
        """
        self._policy, self._mismatch, self._samples_reference = policy, mismatch, samples_reference
        self._count, self._kl = 0, 0.0

    def weight(self, batch: Batch) -> float:
        """As the policy has it."""
        return self._policy.weight(batch)

    def loss_sum(self, model: Decoder, batch: Batch, hidden_BTD: Tensor) -> Tensor | Measured:
        """The policy's, of tokens that count by their importance."""
        new_N = token_log_probs(model, batch, hidden_BTD)
        assert batch.terms is not None
        terms, old_N = batch.terms, new_N.detach()
        weight_N = self._mismatch.weigh(old_N, terms.old_N)
        terms = terms._replace(old_N=old_N, advantage_N=terms.advantage_N * weight_N)
        if self._samples_reference and terms.reference_N is not None:
            is_known_N = ~terms.reference_N.isnan()
            self._count += int(is_known_N.sum())
            self._kl += float(divergence(old_N[is_known_N], terms.reference_N[is_known_N]).sum())
            terms = terms._replace(reference_N=None)
        return self._policy.loss_sum(model, batch._replace(terms=terms), hidden_BTD, new_N=new_N)

    def numbers(self) -> dict[str, float]:
        """Of the tokens whose reference is known: the divergence; nothing where the policy tells it."""
        return {"kl": self._kl / self._count} if self._count else {}
