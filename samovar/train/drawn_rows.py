"""Rows of which those of some steps are answers that the student has just drawn itself: what it will meet is its own.

Source: Agarwal et al. 2024 (GKD), arXiv:2306.13649, algorithm 1: a share of the steps, and no gradient through drawing.
Answers of several steps are drawn together, so that the engine has full batches; the student is by then a few steps
older than the one that drew them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

from samovar.train.batches import Batch, Rows
from samovar.train.packing import PackedRows, is_packed

Drawing = Callable[[int, Path], None]
"""Draws for the period of this number, and packs the answers into this folder."""


class DrawnRows(Rows):
    """As many rows as there are of conversations, with which a step either goes on or learns from drawn ones.

    What is drawn is kept until the run is over, so that an interrupted one goes on to the same numbers.
    """

    def __init__(
        self,
        rows: Rows,
        draw: Drawing,
        folder: Path,
        *,
        share: float,
        first_step: int,
        rows_per_step: int,
        steps_at_once: int,
    ) -> None:
        """Make the drawn rows of a run.

        Args:
            rows: of conversations.
            draw: how a period's answers are drawn.
            folder: of all periods.
            share: of the steps from ``first_step`` on that learn from drawn answers, evenly spread.
            first_step: counted from 0.
            rows_per_step: rows of a step.
            steps_at_once: drawn steps of a period.
        """
        self.rows, self._draw, self._folder = rows, draw, folder
        self._share, self._first_step = share, first_step
        self._rows_per_step, self._steps_at_once = rows_per_step, steps_at_once
        self._period = -1
        self._drawn: PackedRows | None = None
        self._is_drawn, self._first_row = False, 0
        self._place_of: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def num_drawn(self, step: int) -> int:
        """Drawn steps before ``step``."""
        return math.floor(max(0, step - self._first_step) * self._share + 1e-9)

    def prepare(self, step: int) -> None:
        """Draw, where the step is the first one of a period."""
        number = self.num_drawn(step)
        self._is_drawn = self.num_drawn(step + 1) > number
        if not self._is_drawn:
            return
        period, place = divmod(number, self._steps_at_once)
        self._first_row, self._place_of = place * self._rows_per_step, {}
        if period != self._period:
            folder = self._folder / f"period-{period:05}"
            if not is_packed(folder):
                self._draw(period, folder)
            self._period, self._drawn = period, PackedRows(folder)

    def batch(self, numbers: np.ndarray) -> Batch:
        """The rows of these numbers; in a drawn step others in their place, in the order in which they are asked for.

        Where the answers fill fewer rows than a period has, the first ones come again.
        """
        if not self._is_drawn or self._drawn is None:
            return self.rows.batch(numbers)
        places = [self._place_of.setdefault(int(number), len(self._place_of)) for number in numbers]
        return self._drawn.batch((self._first_row + np.array(places)) % len(self._drawn))._replace(is_drawn=True)

    def heaviest(self, count: int) -> np.ndarray | None:
        """As of the rows of conversations."""
        return self.rows.heaviest(count)

    def sources(self, numbers: np.ndarray) -> list[str]:
        """Where they come from, for people."""
        return ["answers that the student drew"] if self._is_drawn else self.rows.sources(numbers)
