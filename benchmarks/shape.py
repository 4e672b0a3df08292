"""The shapes that contestants are compared at, and the tokens they train on."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from samovar.model.settings import DecoderSettings


class Size(NamedTuple):
    """A shape, and how many tokens it is trained on at a time where nobody says otherwise."""

    shape: Callable[..., DecoderSettings]
    """From a context and, where it is not to be the usual one, a vocabulary."""
    context: int
    step_tokens: int
    micro_tokens: int
    """Of Samovar's micro-batch."""
    peer_micro_tokens: tuple[int, ...]
    """Of the peers' micro-batches: they play the first round with each."""


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


def thirty_million(*, context: int, vocab_size: int = 8192) -> DecoderSettings:
    """Thirty million parameters: width 512, 8 layers, 8 heads."""
    return DecoderSettings(
        vocab_size=vocab_size,
        hidden_size=512,
        intermediate_size=1408,
        num_layers=8,
        num_heads=8,
        num_kv_heads=8,
        head_dim=64,
        max_positions=context,
    )


def gpt2_small(*, context: int, vocab_size: int = 50_304) -> DecoderSettings:
    """As many parameters as GPT-2 small: 124 million, width 768, 12 layers; 6 heads of 128, as nanochat has them."""
    return _of_width(768, layers=12, hidden=2048, context=context, vocab_size=vocab_size)


def gpt2_medium(*, context: int, vocab_size: int = 50_304) -> DecoderSettings:
    """As many as GPT-2 medium: 354 million, width 1024, 24 layers, 8 heads of 128."""
    return _of_width(1024, layers=24, hidden=2752, context=context, vocab_size=vocab_size)


def _of_width(width: int, *, layers: int, hidden: int, context: int, vocab_size: int) -> DecoderSettings:
    return DecoderSettings(
        vocab_size=vocab_size,
        hidden_size=width,
        intermediate_size=hidden,
        num_layers=layers,
        num_heads=width // 128,
        num_kv_heads=width // 128,
        head_dim=128,
        max_positions=context,
    )


def smollm2_135m(*, context: int, vocab_size: int = 49_152) -> DecoderSettings:
    """The shape of SmolLM2-135M (Allal et al. 2025, arXiv:2502.02737): width 576, 30 layers, 9 heads on 3."""
    return DecoderSettings(
        vocab_size=vocab_size,
        hidden_size=576,
        intermediate_size=1536,
        num_layers=30,
        num_heads=9,
        num_kv_heads=3,
        head_dim=64,
        max_positions=context,
    )


def qwen3_06b(*, context: int, vocab_size: int = 151_936) -> DecoderSettings:
    """The shape of Qwen3-0.6B (Yang et al. 2025, arXiv:2505.09388): width 1024, 28 layers, 16 heads on 8, of 128."""
    return DecoderSettings(
        vocab_size=vocab_size,
        hidden_size=1024,
        intermediate_size=3072,
        num_layers=28,
        num_heads=16,
        num_kv_heads=8,
        head_dim=128,
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


SIZES = {
    "10M": Size(ten_million, 256, 16_384, 8_192, (4_096, 8_192)),
    "30M": Size(thirty_million, 256, 16_384, 8_192, (4_096, 8_192)),
    # A step of 16,384 tokens would take half a minute and more, and the steps' speed would be the same.
    "135M": Size(smollm2_135m, 256, 4_096, 4_096, (2_048, 4_096)),
    "tiny": Size(tiny, 32, 256, 128, (128, 256)),
}
"""Size, as the command line names it -> what it is."""


def random_tokens(count: int, vocab_size: int) -> np.ndarray:
    """The same tokens for every contestant, each word as frequent as its rank says (Zipf), in no order.

    Which token stands where does not change the work. That some are frequent is to be learnt within a few steps: the
    loss of every contestant must fall from ln(vocabulary), or it is not training.
    """
    share = 1.0 / np.arange(1, vocab_size + 1)
    return np.random.default_rng(0).choice(vocab_size, count, p=share / share.sum()).astype(np.uint16)
