"""How a run's token budget falls into steps, and a step into micro-batches."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from samovar.train.batches import Order
from samovar.train.parallel.degrees import rows_of_a_process, rows_of_a_step
from samovar.train.parallel.grid import ALONE, Grid
from samovar.train.settings import LoopSettings


class MicroBatches(Protocol):
    """What a step asks of a plan."""

    @property
    def context(self) -> int:
        """Tokens of a row."""
        ...

    @property
    def rows_per_micro(self) -> int:
        """Rows of a micro-batch, at most."""
        ...

    def micro_batches(self, step: int) -> list[np.ndarray]:
        """Row numbers of each of this process's micro-batches of ``step``."""
        ...


class Plan:
    """The steps of a run, and the rows of each of this process's micro-batches."""

    def __init__(self, settings: LoopSettings, *, tokens: int, context: int, num_rows: int, grid: Grid = ALONE) -> None:
        """Divide ``tokens`` tokens, in rows of ``context``, drawn from ``num_rows`` rows.

        Raises:
            ConfigError: something does not divide.
            DataError: there are no rows.
        """
        self.context, self._num_rows = context, num_rows
        self.rows_per_step, rows_per_micro = rows_of_a_step(settings, context)
        own_rows, self.rows_per_micro = rows_of_a_process(self.rows_per_step, rows_per_micro, grid.degrees.data)
        self._micro_batches = own_rows // self.rows_per_micro
        self._first = grid.data_rank * self._micro_batches
        self.tokens_per_step = self.rows_per_step * context
        self.num_steps = max(1, round(tokens / self.tokens_per_step))
        validations = settings.validations
        self.validate_at = {round(self.num_steps * (i + 1) / validations) for i in range(validations)}
        """Steps, counted from 1, after which the model is measured."""
        self._order = Order(
            num_rows, rows_per_step=self.rows_per_step, rows_per_micro=self.rows_per_micro, seed=settings.seed
        )

    @property
    def num_tokens(self) -> int:
        """Of the whole run."""
        return self.num_steps * self.tokens_per_step

    @property
    def num_micro_batches(self) -> int:
        """Of this process, over the whole run."""
        return self.num_steps * self._micro_batches

    def micro_batches(self, step: int) -> list[np.ndarray]:
        """Row numbers of each of this process's micro-batches of ``step``."""
        return self._order.micro_batches(step)[self._first : self._first + self._micro_batches]

    def facts(self) -> dict[str, Any]:
        """What decides which rows a step has: a run can go on only where these are the same."""
        return {
            "steps": self.num_steps,
            "rows of a step": self.rows_per_step,
            "tokens of a row": self.context,
            "rows": self._num_rows,
        }
