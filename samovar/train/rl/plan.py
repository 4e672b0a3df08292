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
        room: Sequence[int] | np.ndarray,
        epochs: int,
        minibatches: int,
        most: int,
        context: int,
        seed: tuple[int, int],
    ) -> None:
        """Plan.

        Args:
            tokens: of each row, without padding.
            room: that each row takes in a batch.
            epochs: times.
            minibatches: steps of each.
            most: tokens of a micro-batch.
            context: of a row, at most.
            seed: of the orders.
        """
        self._tokens, self._room = np.asarray(tokens), np.asarray(room)
        self._minibatches = min(minibatches, len(self._tokens))
        self.num_steps = epochs * self._minibatches
        self._most, self.context = most, context
        self.rows_per_micro = max(1, most // int(self._room.min()))
        self._seed = seed

    def micro_batches(self, step: int) -> list[np.ndarray]:
        """Row numbers of each micro-batch of ``step``."""
        epoch, number = divmod(step, self._minibatches)
        order = np.random.default_rng((*self._seed, epoch)).permutation(len(self._tokens))
        own = np.array_split(order, self._minibatches)[number]
        own = own[np.argsort(-self._tokens[own], kind="stable")]
        return filled(own, self._room, self._most)


def filled(numbers: np.ndarray, room: np.ndarray, most: int) -> list[np.ndarray]:
    """Rows in their order, in as few parts as ``most`` tokens allow, one row at least in each, and about alike.

    A part that is much smaller than the others would be compiled by itself.

    Args:
        numbers: of the rows.
        room: tokens that each of all rows takes.
        most: tokens together.
    """
    sizes = room[numbers].tolist()
    total, ends, together = sum(sizes), [], 0
    enough = total / max(1, -(-total // most))
    for place, size in enumerate(sizes):
        if place and (together >= enough or together + size > most):
            ends.append(place)
            together = 0
        together += size
    return np.split(numbers, ends)
