"""Vectors of length 1 in groups by direction."""

from __future__ import annotations

from typing import Any

import numpy as np

_ROUNDS = 10


def centres_of(vectors: Any, count: int, *, seed: int) -> Any:
    """Directions around which ``vectors`` lie: k-means by cosine from ``count`` of them, chosen by ``seed``.

    Args:
        vectors: float32, rows of length 1; at least ``count`` of them.
        count: how many centres.
        seed: chooses the first centres.
    Returns:
        centres: float32, ``count`` rows of length 1.
    """
    rng = np.random.default_rng(seed)
    centres = vectors[np.sort(rng.choice(len(vectors), size=count, replace=False))].copy()
    for _ in range(_ROUNDS):
        nearest = nearest_centres(vectors, centres)
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, vectors)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        # A centre that nothing is nearest to stays where it is.
        np.divide(sums, lengths, out=centres, where=lengths > 0)
    return centres


def nearest_centres(vectors: Any, centres: Any) -> Any:
    """For each vector the place of the centre with the greatest cosine."""
    return np.argmax(vectors @ centres.T, axis=1)
