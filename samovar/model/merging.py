"""One weight out of several: averages of models, and of what each of them learnt on top of a base that they share.

What a model learnt is the difference of its weights from its base's, its task vector (Ilharco et al. 2022,
arXiv:2212.04089). Tensors are of any shape, computed in float32; a share is how much a model counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

Method = Literal["linear", "slerp", "ties", "dare", "dare-ties"]
NEEDS_BASE: tuple[Method, ...] = ("ties", "dare", "dare-ties")
_NEARLY_PARALLEL = 0.9995
"""Cosine beyond which the arc is a line within float32's precision."""


def linear(weights: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    """The mean, weighted by ``shares`` (Wortsman et al. 2022, model soups, arXiv:2203.05482)."""
    return _sum(weights, shares) / sum(shares)


def slerp(first: Tensor, second: Tensor, share: float) -> Tensor:
    """The point that divides the arc from ``first`` to ``second``: 0 is the first (Shoemake 1985, section 3.3).

    The angle is that between the directions of the two; lengths change along with it. Where they are parallel, or one
    is zero, it is the straight line.
    """
    a, b = first.float(), second.float()
    lengths = a.norm() * b.norm()
    cosine = float((a * b).sum() / lengths) if lengths > 0 else 1.0
    if abs(cosine) > _NEARLY_PARALLEL:
        return a + share * (b - a)
    angle = torch.arccos(torch.tensor(cosine))
    return (torch.sin((1 - share) * angle) * a + torch.sin(share * angle) * b) / torch.sin(angle)


def ties(base: Tensor, tuned: Sequence[Tensor], shares: Sequence[float], *, density: float, scale: float) -> Tensor:
    """Trim, elect a sign, and average those that agree with it (TIES, Yadav et al. 2023, arXiv:2306.01708, alg. 1).

    Args:
        base: what the others were tuned from.
        tuned: the models.
        shares: how much each counts, in the election and in the mean.
        density: share of each task vector's numbers, the largest, that is kept.
        scale: of what is added to the base; lambda in the paper.
    """
    vectors = [_trimmed(weight.float() - base.float(), density) for weight in tuned]
    return base.float() + scale * _agreed(vectors, shares)


def dare(
    base: Tensor,
    tuned: Sequence[Tensor],
    shares: Sequence[float],
    *,
    density: float,
    scale: float,
    generator: torch.Generator,
    elects_sign: bool = False,
) -> Tensor:
    """Drop numbers of each task vector by chance, enlarge the rest, add up (DARE, Yu et al. 2023, arXiv:2311.03099).

    Args:
        base: what the others were tuned from.
        tuned: the models.
        shares: how much each counts; the sum is not normalised, as in task arithmetic, but for ``elects_sign``.
        density: chance of a number to be kept; what is kept is divided by it.
        scale: of what is added to the base.
        generator: of the chance.
        elects_sign: average those alone that agree with the elected sign, as TIES does.
    """
    vectors = [_thinned(weight.float() - base.float(), density, generator) for weight in tuned]
    together = _agreed(vectors, shares) if elects_sign else _sum(vectors, shares)
    return base.float() + scale * together


def _sum(weights: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    total = torch.zeros_like(weights[0], dtype=torch.float32)
    for weight, share in zip(weights, shares, strict=True):
        total += share * weight.float()
    return total


def _trimmed(vector: Tensor, density: float) -> Tensor:
    """The vector with all but its largest numbers set to zero."""
    kept = int(density * vector.numel())
    flat = vector.flatten()
    places = flat.abs().topk(kept, sorted=False).indices
    trimmed = torch.zeros_like(flat)
    trimmed[places] = flat[places]
    return trimmed.view_as(vector)


def _thinned(vector: Tensor, density: float, generator: torch.Generator) -> Tensor:
    is_kept = torch.rand(vector.shape, generator=generator) < density
    return vector * is_kept / density


def _agreed(vectors: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    """The mean, number by number, of the vectors that have the sign of their sum there; zero where none has."""
    elected = _sum(vectors, shares).sign()
    total, weight = torch.zeros_like(elected), torch.zeros_like(elected)
    for vector, share in zip(vectors, shares, strict=True):
        agrees = (vector.sign() == elected) & (elected != 0)
        total += share * vector * agrees
        weight += share * agrees
    return total / torch.where(weight == 0, torch.ones_like(weight), weight)
