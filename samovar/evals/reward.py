"""How well a reward model tells answers apart, and whether it is as sure as it is right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from samovar.evals.comparison import Change
from samovar.evals.intervals import wilson
from samovar.train.answers import GOOD
from samovar.train.preference_settings import RewardSettings
from samovar.train.preferences import Kind, load_preferences
from samovar.train.reward import row_tokens
from samovar.train.scoring import RewardModel

_BINS = 10
_DRAWS = 400
"""Samples of the bootstrap (Efron 1979, Annals of Statistics 7)."""


class RewardQuality(NamedTuple):
    """Of a reward model on pairs whose truth is known."""

    accuracy: float
    """Share of the pairs of which the better answer scores higher; a tie is half right."""
    low: float
    high: float
    """Where the true accuracy lies with a confidence of 95 %."""
    calibration_error: float
    """Expected calibration error: by how much, on average, its confidence and its accuracy differ."""
    pairs: int
    calibration_low: float = 0.0
    calibration_high: float = 0.0
    """Where the calibration error lies with a confidence of 95 %, by the spread of a bootstrap."""

    def to_json(self) -> dict[str, Any]:
        """For a manifest."""
        return {name: round(value, 4) for name, value in self._asdict().items()}


def pair_quality(score_P2: np.ndarray) -> RewardQuality:
    """Of the scores of chosen and rejected answers, a row a pair.

    Under Bradley and Terry's model a gap of scores is a log-odds: its confidence is the sigmoid of the gap's size.
    """
    gap_P = score_P2[:, 0].astype(np.float64) - score_P2[:, 1]
    is_right_P = np.where(gap_P == 0, 0.5, gap_P > 0)
    confidence_P = 1.0 / (1.0 + np.exp(-np.abs(gap_P)))
    low, high = wilson(float(is_right_P.sum()), len(gap_P))
    drawn_SP = np.random.default_rng(0).integers(0, max(1, len(gap_P)), (_DRAWS, len(gap_P)))
    errors = [calibration_error(confidence_P[drawn_P], is_right_P[drawn_P]) for drawn_P in drawn_SP]
    error = calibration_error(confidence_P, is_right_P)
    # Drawn pairs come several times, which makes errors larger than they are: their spread counts, and not their place.
    spread = np.array(errors) - np.mean(errors)
    calibration_low, calibration_high = np.clip(error + np.quantile(spread, (0.025, 0.975)), 0.0, 1.0).tolist()
    return RewardQuality(
        float(is_right_P.mean()) if len(gap_P) else 0.0,
        low,
        high,
        error,
        len(gap_P),
        calibration_low,
        calibration_high,
    )


def reward_changes(old: RewardQuality | None, new: RewardQuality, *, max_fall: float) -> list[Change]:
    """What became better and worse, for a table; without an old one accuracy is set against chance.

    Args:
        old: of an earlier reward model on the same answers.
        new: of the one now.
        max_fall: by how much accuracy may fall.
    """
    chance = 0.5 if old is None else old.accuracy
    is_too_bad = old is not None and new.accuracy < old.accuracy - max_fall - 1e-9
    what = f"accuracy on {new.pairs} held-out pairs"
    changes = [Change(what, chance, new.accuracy, new.low, new.high, True, is_too_bad)]
    if old is not None:
        errors = old.calibration_error, new.calibration_error
        changes.append(Change("calibration error", *errors, new.calibration_low, new.calibration_high, False, False))
    return changes


def held_out_quality(model: Path, preferences: Sequence[Path], settings: RewardSettings) -> RewardQuality:
    """Of the reward model in ``model`` on the preferences that training with ``settings`` held out."""
    reward = RewardModel.load(model)
    context = row_tokens(settings, reward.tokenizer, reward.models[0].settings.max_positions)
    kind: Kind = "steps" if settings.kind == "steps" else "pairs"
    rows = load_preferences(preferences, settings, reward.tokenizer, kind=kind, context=context, is_quiet=True)
    score_A = reward.members_of(rows.test.forks).mean(axis=0)
    if kind == "pairs":
        return pair_quality(score_A.reshape(-1, 2))
    is_right_A = np.array([label for fork in rows.test.forks for label in fork.labels]) == GOOD
    # A step is no pair, but its log-odds are to have the sign of its label just so.
    gap_A = np.where(is_right_A, score_A, -score_A)
    return pair_quality(np.stack([gap_A, np.zeros_like(gap_A)], axis=1))


def calibration_error(confidence: np.ndarray, is_right: np.ndarray, *, lowest: float = 0.5) -> float:
    """The expected calibration error in ten bins of equal width from ``lowest`` to 1.

    Source: Guo et al. 2017, arXiv:1706.04599, equation 3.
    """
    if not len(confidence):
        return 0.0
    bins = np.clip(((confidence - lowest) / (1.0 - lowest) * _BINS).astype(int), 0, _BINS - 1)
    gaps = [
        abs(confidence[bins == one].mean() - is_right[bins == one].mean()) * (bins == one).sum()
        for one in np.unique(bins)
    ]
    return float(sum(gaps) / len(confidence))
