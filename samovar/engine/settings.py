"""Settings of the quantization."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from samovar.core.settings import Settings


class QuantizeSettings(Settings):
    """How the weights are made smaller, and on what the loss of quality is measured."""

    bits: Literal[8] = 8
    """Bits of a weight: 8 keeps each row of a matrix as whole numbers from -127 to 127 with a scale of its own."""
    text_bytes: int = Field(100_000, ge=1)
    """Held-out text that the change in bits per byte is measured on, at most, in bytes."""
    decode_tokens: int = Field(64, ge=1)
    """Tokens decoded to measure the speed, in tokens."""
