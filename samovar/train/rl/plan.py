"""How the rows of an iteration fall into steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class IterationPlan:
    """``epochs`` times all rows, each time in another order and in ``minibatches`` steps.

    Within a step the fullest rows come first, so that short ones are in one micro-batch, which is then short.
    """

    def __init__(
        self,
        tokens: Sequence[int] | np.ndarray,
        *,
        epochs: int,
        minibatches: int,
        rows_per_micro: int,
        context: int,
        seed: tuple[int, int],
    ) -> None:
        """``tokens``: of each row, without padding; ``seed``: of the orders."""
        self._tokens = np.asarray(tokens)
        self._minibatches = min(minibatches, len(self._tokens))
        self.num_steps = epochs * self._minibatches
        self.rows_per_micro, self.context = rows_per_micro, context
        self._seed = seed

    def micro_batches(self, step: int) -> list[np.ndarray]:
        """Row numbers of each micro-batch of ``step``."""
        epoch, number = divmod(step, self._minibatches)
        order = np.random.default_rng((*self._seed, epoch)).permutation(len(self._tokens))
        own = np.array_split(order, self._minibatches)[number]
        own = own[np.argsort(-self._tokens[own], kind="stable")]
        return [own[first : first + self.rows_per_micro] for first in range(0, len(own), self.rows_per_micro)]
