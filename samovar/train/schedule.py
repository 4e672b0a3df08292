"""How the learning rate rises and falls over a run."""

from __future__ import annotations

import math
from typing import Literal

Schedule = Literal["wsd", "cosine", "linear"]


def rate_share(
    step: int,
    num_steps: int,
    *,
    schedule: Schedule = "wsd",
    warmup_share: float,
    decay_share: float,
    final_share: float,
) -> float:
    """The learning rate of ``step`` (from 0) as a share of its peak.

    Args:
        step: of the run, from 0.
        num_steps: of the whole run.
        schedule: wsd stays at the peak until the decay (warm-up, stable, decay; Hu et al. 2024, arXiv:2404.06395,
            section 4); cosine (Loshchilov and Hutter 2017, arXiv:1608.03983) and linear fall from the warm-up on.
        warmup_share: of the steps, over which the rate rises from zero.
        decay_share: of the steps, over which wsd falls; the others ignore it.
        final_share: what the rate falls to; it would be reached in the step after the last.
    """
    warmup = max(1, round(warmup_share * num_steps))
    if step < warmup:
        return (step + 1) / warmup
    decay = round(decay_share * num_steps) if schedule == "wsd" else num_steps - warmup
    left = num_steps - step
    if left >= decay:
        return 1.0
    height = left / decay
    if schedule == "cosine":
        height = 0.5 * (1.0 - math.cos(math.pi * height))
    return final_share + (1.0 - final_share) * height
