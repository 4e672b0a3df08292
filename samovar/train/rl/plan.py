"""How the rows of an iteration fall into steps."""

from __future__ import annotations

import numpy as np


class IterationPlan:
    """``epochs`` times all rows, each time in another order and in ``minibatches`` steps."""

    def __init__(
        self, num_rows: int, *, epochs: int, minibatches: int, rows_per_micro: int, context: int, seed: tuple[int, int]
    ) -> None:
        self._minibatches = min(minibatches, num_rows)
        self.num_steps = epochs * self._minibatches
        self.rows_per_micro, self.context = rows_per_micro, context
        self._num_rows, self._seed = num_rows, seed

    def micro_batches(self, step: int) -> list[np.ndarray]:
        """Row numbers of each micro-batch of ``step``."""
        epoch, number = divmod(step, self._minibatches)
        order = np.random.default_rng((*self._seed, epoch)).permutation(self._num_rows)
        own = np.array_split(order, self._minibatches)[number]
        return [own[first : first + self.rows_per_micro] for first in range(0, len(own), self.rows_per_micro)]
