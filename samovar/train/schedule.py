"""Warm-up, stable, decay (Hu et al. 2024, arXiv:2404.06395, section 4)."""

from __future__ import annotations


def rate_share(step: int, num_steps: int, *, warmup_share: float, decay_share: float, final_share: float) -> float:
    """The learning rate of ``step`` (from 0) as a share of its peak."""
    warmup = max(1, round(warmup_share * num_steps))
    decay = round(decay_share * num_steps)
    if step < warmup:
        return (step + 1) / warmup
    left = num_steps - step
    if left >= decay:
        return 1.0
    return final_share + (1.0 - final_share) * left / decay
