"""Points in groups: k-means by cosine, begun well and tried several times."""

from __future__ import annotations

from typing import Any

import numpy as np

_TRIES = 5
_MOST_ROUNDS = 30


def centres_of(points: Any, count: int, *, seed: int) -> Any:
    """The best of several k-means: float32, at most ``count`` rows of length 1, none of them without points.

    Each begins with points far from one another (k-means++, Arthur and Vassilvitskii 2007) and goes on until nothing
    changes its group.

    Args:
        points: float32, rows of length 1.
        count: wanted groups.
        seed: chooses the beginnings.
    """
    rng = np.random.default_rng(seed)
    best, best_sum = points[:0], -np.inf
    for _ in range(_TRIES):
        centres, total = _one_try(points, min(count, len(points)), rng)
        if total > best_sum:
            best, best_sum = centres, total
    return best


def nearest(points: Any, centres: Any) -> tuple[Any, Any]:
    """For each point the place of the centre with the greatest cosine, and that cosine."""
    cosines = points @ centres.T
    places = np.argmax(cosines, axis=1)
    return places, cosines[np.arange(len(points)), places]


def _one_try(points: Any, count: int, rng: np.random.Generator) -> tuple[Any, float]:
    centres = _far_apart(points, count, rng)
    places, cosines = nearest(points, centres)
    for _ in range(_MOST_ROUNDS):
        sums = np.zeros_like(centres)
        np.add.at(sums, places, points)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = (sums / np.maximum(lengths, 1e-12))[lengths[:, 0] > 1e-6]
        moved, cosines = nearest(points, centres)
        if len(sums) == len(centres) and np.array_equal(moved, places):
            break
        places = moved
    return centres, float(cosines.sum())


def _far_apart(points: Any, count: int, rng: np.random.Generator) -> Any:
    chosen = [int(rng.integers(len(points)))]
    distances = np.maximum(0.0, 1 - points @ points[chosen[0]]).astype(np.float64)
    while len(chosen) < count and (total := float(distances.sum())) > 1e-9:
        at = int(np.searchsorted(np.cumsum(distances), rng.random() * total, side="right"))
        chosen.append(min(at, len(points) - 1))
        distances = np.minimum(distances, np.maximum(0.0, 1 - points @ points[chosen[-1]]))
    return points[chosen].copy()
