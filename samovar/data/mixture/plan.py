"""The plan of a mixture: from the sizes of groups to the characters that each is to give."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

_ROUNDING = 1e-9


class GroupPlan(NamedTuple):
    """What a group is to give."""

    wanted_share: float
    """Of the characters, before caps."""
    characters: float
    """To come out."""
    epochs: float
    """How often each document comes on average; below 1 some are left out."""
    is_capped: bool
    """Whether it would have to repeat more often than allowed, so that other groups fill its place."""


def wanted_shares(sizes: Mapping[str, int], *, alpha: float, shares: Mapping[str, float]) -> dict[str, float]:
    """The share of each group: as named in ``shares``; the rest is parted in proportion to size to the power alpha.

    Named groups without documents are passed over, and what is named is stretched to 1 where nothing else is there.
    """
    named = {name: share for name, share in shares.items() if sizes.get(name)}
    weights = {name: float(size) ** alpha for name, size in sizes.items() if size and name not in shares}
    rest, total = 1.0 - sum(shares.values()), math.fsum(weights.values())
    wanted = dict.fromkeys(sizes, 0.0) | named
    if total:
        wanted |= {name: max(0.0, rest) * weight / total for name, weight in weights.items()}
    all_of_them = math.fsum(wanted.values())
    return {name: share / all_of_them for name, share in wanted.items()} if all_of_them else wanted


def plan_mixture(
    sizes: Mapping[str, int],
    *,
    alpha: float = 1.0,
    shares: Mapping[str, float] | None = None,
    max_epochs: float = 4.0,
    max_epochs_of: Mapping[str, float] | None = None,
    budget: int | None = None,
) -> dict[str, GroupPlan]:
    """What every group is to give.

    Args:
        sizes: characters by group.
        alpha: 1 keeps the proportions, 0 makes all groups equal.
        shares: wanted shares of some groups, from 0 to 1, together at most 1.
        max_epochs: how often a document may come at most.
        max_epochs_of: the same for some groups.
        budget: characters to come out in all; by default as many as there are.
    Returns:
        a plan a group. Where one may not repeat enough, the others fill its place in proportion to their shares; where
        all are at their limits, less than the budget comes out.
    """
    wanted = wanted_shares(sizes, alpha=alpha, shares=shares or {})
    total = float(sum(sizes.values()) if budget is None else budget)
    limits = {name: size * (max_epochs_of or {}).get(name, max_epochs) for name, size in sizes.items()}
    given: dict[str, float] = {}
    open_groups = {name for name, share in wanted.items() if share}
    left = total
    while open_groups:
        weight = math.fsum(wanted[name] for name in open_groups)
        full = {name for name in open_groups if left * wanted[name] / weight > limits[name] * (1 + _ROUNDING)}
        for name in full or open_groups:
            given[name] = limits[name] if full else left * wanted[name] / weight
        left = max(0.0, total - math.fsum(given.values()))
        open_groups = open_groups - full if full else set()
    return {
        name: GroupPlan(
            wanted[name],
            given.get(name, 0.0),
            given.get(name, 0.0) / size if size else 0.0,
            wanted[name] * total > limits[name] * (1 + _ROUNDING),
        )
        for name, size in sizes.items()
    }
