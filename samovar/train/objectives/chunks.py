"""How many targets have their logits in memory at one time. No torch in here: forecasts ask as well."""

from __future__ import annotations

LOGITS_AT_ONCE = {"cpu": 1 << 24, "cuda": 1 << 29}
"""Logits, by kind of device, that are computed, differentiated and forgotten together."""
_FEWEST = 512
"""Targets: fewer make more passes over the head and its gradient than products."""


def targets_at_once(vocab_size: int, device: str) -> int:
    """The most targets whose logits are held at one time.

    Args:
        vocab_size: of the model.
        device: ``cpu`` or ``cuda``.
    """
    return max(_FEWEST, LOGITS_AT_ONCE[device] // vocab_size)
