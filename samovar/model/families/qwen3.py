"""Qwen 3: the shape of our own models, so that names map one to one.

Source: Yang et al. 2025, arXiv:2505.09388, section 2.
"""

from __future__ import annotations

from typing import Any

from samovar.model.families.qwen2 import read_windows, write_windows
from samovar.model.hf_config import read_common, write_common
from samovar.model.layout import Layout
from samovar.model.settings import DecoderSettings


def from_hf_config(config: dict[str, Any]) -> DecoderSettings:
    """The shape that ``config.json`` describes."""
    has_bias = bool(config.get("attention_bias", False))
    return DecoderSettings(
        **read_common(config) | {"qk_norm": True},
        **read_windows(config),
        attention_bias=has_bias,
        output_bias=has_bias,
    )


def to_hf_config(settings: DecoderSettings) -> dict[str, Any]:
    """``config.json`` for a decoder of this shape, without token ids."""
    return (
        write_common(settings, "Qwen3ForCausalLM")
        | write_windows(settings)
        | {"attention_bias": settings.attention_bias}
    )


def layout(settings: DecoderSettings) -> Layout:
    """The names are ours."""
    return Layout()
