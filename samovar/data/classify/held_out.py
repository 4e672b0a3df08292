"""How good a classifier is on examples that it did not see, and how its margins become probabilities.

Legend: R examples.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from samovar.data.classify.logistic import sigmoid

THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
_MOST_TURNS = 100
_BINS = 10


class Calibration(NamedTuple):
    """Makes a probability of a margin: 1 / (1 + exp(-(slope margin + offset)))."""

    slope: float
    offset: float

    def probabilities(self, margins: np.ndarray) -> np.ndarray:
        """Between 0 and 1."""
        return sigmoid(self.slope * margins + self.offset)


def calibrate(margins_R: np.ndarray, are_positive_R: np.ndarray) -> Calibration:
    """The calibration under which the labels are likeliest, with targets drawn in from 0 and 1.

    Source: Platt 1999, Probabilistic outputs for support vector machines, with Newton's method of Lin, Lin and Weng
        2007, Machine Learning 68:267.
    """
    num_positive = int(are_positive_R.sum())
    num_negative = len(margins_R) - num_positive
    targets_R = np.where(are_positive_R, (num_positive + 1) / (num_positive + 2), 1 / (num_negative + 2))
    point = np.array([0.0, np.log((num_positive + 1) / (num_negative + 1))])
    columns = np.stack([margins_R, np.ones(len(margins_R))])

    def loss(point: np.ndarray) -> float:
        scores_R = point @ columns
        return float((np.logaddexp(0, scores_R) - targets_R * scores_R).sum())

    for _ in range(_MOST_TURNS):
        guesses_R = sigmoid(point @ columns)
        gradient = columns @ (guesses_R - targets_R)
        hessian = (columns * (guesses_R * (1 - guesses_R))) @ columns.T + 1e-12 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while size > 1e-10 and loss(point - size * step) > loss(point) - 1e-4 * size * float(gradient @ step):
            size /= 2
        point = point - size * step
        if np.abs(gradient).max() < 1e-7 * len(margins_R) or size <= 1e-10:
            break
    return Calibration(float(point[0]), float(point[1]))


def area_under_curve(margins_R: np.ndarray, are_positive_R: np.ndarray) -> float:
    """The chance that a positive example has a higher margin than a negative one; ties count half."""
    order = np.argsort(margins_R, kind="stable")
    _, first, counts = np.unique(margins_R[order], return_index=True, return_counts=True)
    ranks_R = np.empty(len(margins_R))
    ranks_R[order] = np.repeat(first + (counts + 1) / 2, counts)
    num_positive = int(are_positive_R.sum())
    num_pairs = num_positive * (len(margins_R) - num_positive)
    if not num_pairs:
        return float("nan")
    return float((ranks_R[are_positive_R].sum() - num_positive * (num_positive + 1) / 2) / num_pairs)


class AtThreshold(NamedTuple):
    """What happens when everything with at least this probability is called positive."""

    threshold: float
    precision: float
    """NaN where nothing is called positive."""
    recall: float
    share: float
    """Of all examples, those called positive."""


class HeldOut(NamedTuple):
    """The quality for one label, on examples that the measured models did not see."""

    num_positive: int
    num_negative: int
    area: float
    """Under the receiver operating curve."""
    brier: float
    """Mean square of probability minus truth."""
    calibration_error: float
    """Mean distance between the probability and the share of positives, over ten bins of probability."""
    at: tuple[AtThreshold, ...]

    def to_json(self) -> dict[str, Any]:
        """As kept in the file of a classifier."""
        return {**self._asdict(), "at": [list(one) for one in self.at]}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> HeldOut:
        """What ``to_json`` gave."""
        return cls(**{**value, "at": tuple(AtThreshold(*one) for one in value["at"])})


def measure(margins_R: np.ndarray, are_positive_R: np.ndarray) -> HeldOut:
    """Quality from held-out margins; each half of them is calibrated on the other half."""
    probabilities_R = np.empty(len(margins_R))
    halves = (slice(0, None, 2), slice(1, None, 2))
    for own, other in (halves, halves[::-1]):
        calibration = calibrate(margins_R[other], are_positive_R[other])
        probabilities_R[own] = calibration.probabilities(margins_R[own])
    return HeldOut(
        int(are_positive_R.sum()),
        int((~are_positive_R).sum()),
        area_under_curve(margins_R, are_positive_R),
        float(np.square(probabilities_R - are_positive_R).mean()),
        _calibration_error(probabilities_R, are_positive_R),
        tuple(at_threshold(probabilities_R, are_positive_R, threshold) for threshold in THRESHOLDS),
    )


def at_threshold(probabilities_R: np.ndarray, are_positive_R: np.ndarray, threshold: float) -> AtThreshold:
    """Precision, recall and share at one threshold."""
    are_called_R = probabilities_R >= threshold
    num_called, num_right = int(are_called_R.sum()), int((are_called_R & are_positive_R).sum())
    precision = num_right / num_called if num_called else float("nan")
    recall = num_right / int(are_positive_R.sum()) if are_positive_R.any() else float("nan")
    return AtThreshold(threshold, precision, recall, num_called / len(probabilities_R))


def _calibration_error(probabilities_R: np.ndarray, are_positive_R: np.ndarray) -> float:
    bins_R = np.minimum((probabilities_R * _BINS).astype(np.int64), _BINS - 1)
    gaps = np.bincount(bins_R, probabilities_R - are_positive_R, minlength=_BINS)
    return float(np.abs(gaps).sum() / len(probabilities_R))
