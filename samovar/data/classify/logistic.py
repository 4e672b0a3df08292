"""Logistic regression with a penalty on large weights, fitted by L-BFGS.

Minimised is the mean over rows of ln(1 + exp(-y (w·x + b))) + |w|² / (2 C R), y being 1 or -1: scikit-learn's
objective divided by C R, so that C means the same there and here.

Source: Nocedal and Wright 2006, Numerical Optimization, 2nd edition, algorithms 7.4 and 7.5.

Legend: R rows, F buckets.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from samovar.data.classify.features import Rows

DEFAULT_C = 5.0
"""How little large weights are punished."""
_MOST_TURNS = 200
_REMEMBERED = 8
_SMALL_GRADIENT = 1e-5
_SMALL_GAIN = 1e-4
_SUFFICIENT = 1e-4
_MOST_HALVINGS = 30

Objective = Callable[[np.ndarray], tuple[float, np.ndarray]]


class LinearModel(NamedTuple):
    """A weight a bucket, and what is added to all."""

    weights_F: np.ndarray
    bias: float

    def margins(self, rows: Rows) -> np.ndarray:
        """How far each row lies on the positive side; float64."""
        from samovar.data.classify.kernels import row_margins

        margins_R = np.empty(len(rows))
        row_margins(rows.starts, rows.buckets_E, rows.values_E, self.weights_F, margins_R)
        return margins_R + self.bias


def fit(
    rows: Rows, are_positive_R: np.ndarray, num_buckets: int, *, c: float = DEFAULT_C, start: LinearModel | None = None
) -> LinearModel:
    """The model with the least penalised loss, sought from ``start`` on."""
    from samovar.data.classify.kernels import add_rows, row_margins

    # The commonest buckets stand together in memory: most of the time goes into looking up weights.
    numbers_F, used = _by_frequency(rows, num_buckets)
    buckets_E = numbers_F[rows.buckets_E]
    signs_R = np.where(are_positive_R, 1.0, -1.0)
    penalty = 1 / (c * len(rows))
    margins_R = np.empty(len(rows))

    def objective(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        weights, bias = parameters[:-1], parameters[-1]
        row_margins(rows.starts, buckets_E, rows.values_E, weights, margins_R)
        signed_R = signs_R * (margins_R + bias)
        shares_R = -signs_R * sigmoid(-signed_R) / len(rows)
        gradient = np.zeros_like(parameters)
        add_rows(rows.starts, buckets_E, rows.values_E, shares_R, gradient[:-1])
        gradient[:-1] += penalty * weights
        gradient[-1] = shares_R.sum()
        loss = float(np.logaddexp(0, -signed_R).mean() + penalty / 2 * (weights @ weights))
        return loss, gradient

    parameters = np.zeros(len(used) + 1)
    if start is not None:
        parameters[:-1], parameters[-1] = start.weights_F[used], start.bias
    parameters = minimise(objective, parameters)
    weights_F = np.zeros(num_buckets, dtype=np.float32)
    weights_F[used] = parameters[:-1]
    return LinearModel(weights_F, float(parameters[-1]))


def _by_frequency(rows: Rows, num_buckets: int) -> tuple[np.ndarray, np.ndarray]:
    """A new number for every bucket, 0 for the commonest; and the buckets that occur, in the order of the numbers."""
    counts_F = np.bincount(rows.buckets_E, minlength=num_buckets)
    used = np.argsort(-counts_F, kind="stable")[: np.count_nonzero(counts_F)]
    numbers_F = np.zeros(num_buckets, dtype=np.int32)
    numbers_F[used] = np.arange(len(used), dtype=np.int32)
    return numbers_F, used


def sigmoid(values: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * values))


def minimise(objective: Objective, start: np.ndarray) -> np.ndarray:
    """Where a smooth convex function, given with its gradient, is least."""
    point = start
    value, gradient = objective(point)
    steps: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=_REMEMBERED)
    for _ in range(_MOST_TURNS):
        if np.abs(gradient).max() < _SMALL_GRADIENT:
            break
        direction = -_two_loops(gradient, steps)
        slope = float(direction @ gradient)
        size = 1.0
        for _ in range(_MOST_HALVINGS):
            new_point = point + size * direction
            new_value, new_gradient = objective(new_point)
            if new_value <= value + _SUFFICIENT * size * slope:
                break
            size /= 2
        else:
            break  # as low as floating point goes
        gain = (value - new_value) / max(abs(value), abs(new_value), 1e-300)
        change, turn = new_point - point, new_gradient - gradient
        if float(change @ turn) > 0:
            steps.append((change, turn))
        point, value, gradient = new_point, new_value, new_gradient
        if gain < _SMALL_GAIN:
            break
    return point


def _two_loops(gradient: np.ndarray, steps: deque[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """The gradient times an estimate of the inverse Hessian, from the last steps."""
    direction = gradient.copy()
    factors = []
    for change, turn in reversed(steps):
        factor = float(change @ direction) / float(change @ turn)
        direction -= factor * turn
        factors.append(factor)
    if steps:
        change, turn = steps[-1]
        direction *= float(change @ turn) / float(turn @ turn)
    for (change, turn), factor in zip(steps, reversed(factors), strict=True):
        direction += change * (factor - float(turn @ direction) / float(change @ turn))
    return direction
