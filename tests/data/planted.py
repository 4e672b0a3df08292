"""Texts with planted near-duplicates of known similarity, from a seed."""

from __future__ import annotations

import random
from typing import NamedTuple

SYLLABLES = ("ка", "ro", "ми", "ta", "ле", "so", "ну", "vi", "бо", "de", "ша", "lu")
WORDS_A_TEXT = 400


class Pair(NamedTuple):
    """A text, one that is like it, and the Jaccard similarity of their runs of five words."""

    text: str
    other: str
    similarity: float


def random_words(rng: random.Random, count: int) -> list[str]:
    """Words of two to five syllables: two texts of them share next to no run of five."""
    return ["".join(rng.choices(SYLLABLES, k=rng.randint(2, 5))) for _ in range(count)]


def runs(text: str, size: int = 5) -> set[tuple[str, ...]]:
    """The set of runs of words, computed plainly: the words must be parted by white space alone."""
    words = text.lower().split()
    return {tuple(words[i : i + size]) for i in range(len(words) - size + 1)}


def true_similarity(left: str, right: str) -> float:
    """Jaccard similarity by sets of words."""
    return len(runs(left) & runs(right)) / len(runs(left) | runs(right))


def planted_pair(rng: random.Random, similarity: float) -> Pair:
    """A text, and one whose last words are other ones, so many that the similarity is about ``similarity``."""
    words = random_words(rng, WORDS_A_TEXT)
    num_runs = WORDS_A_TEXT - 4
    num_common = round(2 * num_runs * similarity / (1 + similarity))
    other = words[: num_common + 4] + random_words(rng, num_runs - num_common)
    text, near = " ".join(words), " ".join(other)
    return Pair(text, near, true_similarity(text, near))
