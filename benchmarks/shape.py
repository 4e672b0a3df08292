"""The shape that contestants are compared at, and the tokens they train on."""

from __future__ import annotations

import numpy as np

from samovar.model.settings import DecoderSettings


def ten_million(*, context: int, vocab_size: int = 4096) -> DecoderSettings:
    """Eleven and a half million parameters: width 320, 8 layers, 5 heads."""
    return DecoderSettings(
        vocab_size=vocab_size,
        hidden_size=320,
        intermediate_size=896,
        num_layers=8,
        num_heads=5,
        num_kv_heads=5,
        head_dim=64,
        max_positions=context,
    )


def tiny(*, context: int, vocab_size: int = 512) -> DecoderSettings:
    """A shape that only shows that a benchmark runs."""
    return DecoderSettings(
        vocab_size=vocab_size,
        hidden_size=64,
        intermediate_size=128,
        num_layers=2,
        num_heads=2,
        num_kv_heads=2,
        head_dim=32,
        max_positions=context,
    )


def random_tokens(count: int, vocab_size: int) -> np.ndarray:
    """The same uniform tokens for every contestant. What they are does not change the work; what is learnt would."""
    return np.random.default_rng(0).integers(0, vocab_size, count).astype(np.uint16)
