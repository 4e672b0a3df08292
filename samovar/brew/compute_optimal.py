"""How many tokens a model of a size should see."""

from __future__ import annotations

from typing import NamedTuple

OPTIMAL = 20.0
"""Tokens a parameter at which a given amount of computing makes the lowest loss (Hoffmann et al. 2022, Chinchilla,
arXiv:2203.15556, table 1: 70B parameters, 1.4T tokens)."""
GOOD_EPOCHS = 4.0
"""Times that text may be repeated almost without loss; beyond some 40 a repeat teaches nothing (Muennighoff et al.
2023, arXiv:2305.16264)."""


class Choice(NamedTuple):
    """A share of tokens to parameters, and what it is for."""

    name: str
    tokens_per_parameter: float


CHOICES = (
    Choice("over-trained", 5 * OPTIMAL),
    Choice("longer", 2 * OPTIMAL),
    Choice("compute-optimal", OPTIMAL),
    Choice("larger", OPTIMAL / 2),
)
"""From the smallest model for given computing to the largest. Smaller ones are cheaper to run for ever after: Llama 3
8B saw 1,875 tokens a parameter (Grattafiori et al. 2024, arXiv:2407.21783)."""


def optimal_tokens(parameters: float) -> float:
    """Tokens for a model of this many parameters, its embedding included."""
    return OPTIMAL * parameters
