"""What is known of each token of answers that a model drew itself, beside the tokens.

Axes: N tokens of answers.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Terms(NamedTuple):
    """Aligned with ``Answers.target_N``; float32."""

    old_N: Tensor
    """Log-probability under the model that drew it."""
    reference_N: Tensor | None
    """Log-probability under the reference; None where the loss does not need it."""
    advantage_N: Tensor
    """How much better than expected the answer was from this token on."""
    value_N: Tensor
    """What was expected, where there is a value head; else 0."""
    return_N: Tensor
    """What came of it: what the value head is to learn."""

    def to(self, device: torch.device) -> Terms:
        """The same on ``device``."""
        return Terms(*(None if one is None else one.to(device, non_blocking=True) for one in self))  # type: ignore[arg-type]

    def at(self, place_N: Tensor) -> Terms:
        """Those of some tokens."""
        return Terms(*(None if one is None else one[place_N] for one in self))  # type: ignore[arg-type]


class Played(NamedTuple):
    """All answers of an iteration, for who estimates advantages. Axes: N tokens, A answers."""

    owner_N: Tensor
    """int64; the answer that each token is of; tokens of an answer stand together, in the order of drawing."""
    group_A: Tensor
    """int64; the prompt that each answer is to."""
    reward_A: Tensor
    """float32."""
    old_N: Tensor
    """As ``Terms`` has them; zeros, as the two below, where ``Policy.looks_first`` says that nothing depends on them.
    """
    reference_N: Tensor
    value_N: Tensor
