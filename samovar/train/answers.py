"""Answers to prompts as a batch holds them: which hidden state foretells which of their tokens, and what is known.

Axes: N tokens that are foretold, A answers of a batch, P prompts, B rows, T tokens of a row.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

BAD, GOOD, ELSEWHERE = 0.0, 1.0, -1.0
"""Labels of answers; the last is of an answer to another prompt, by which KTO estimates how far the model has moved."""


class Answers(NamedTuple):
    """The answers in a batch; those to one prompt stand side by side, of a pair the chosen one first."""

    place_N: Tensor
    """int64; where in the flattened BT the hidden state stands that foretells each token."""
    target_N: Tensor
    """int64; the token."""
    owner_N: Tensor
    """int64; the answer that it is of."""
    end_A: Tensor
    """int64; the place of each answer's last token, from which a reward is read."""
    label_A: Tensor
    """float32; GOOD, BAD or ELSEWHERE."""
    reference_A: Tensor
    """float32; the answer's log-probability under the reference, 0 where there is none."""
    margin_A: Tensor
    """float32; by how much the answer is better than the next one; 0 where that is not known."""

    def to(self, device: torch.device) -> Answers:
        """The same on ``device``."""
        return Answers(*(tensor.to(device, non_blocking=True) for tensor in self))

    @property
    def length_A(self) -> Tensor:
        """float32; tokens of each answer."""
        return torch.bincount(self.owner_N, minlength=len(self.end_A)).float()

    def summed(self, value_N: Tensor) -> Tensor:
        """The sum over the tokens of each answer, A."""
        return torch.zeros_like(self.reference_A).index_add(0, self.owner_N, value_N.float())
