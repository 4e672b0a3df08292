"""Mistral: LLaMA's shape, with a window over the latest tokens.

Source: Jiang et al. 2023, arXiv:2310.06825.
"""

from __future__ import annotations

from typing import Any

from samovar.model.hf_config import read_common, refuse, write_common
from samovar.model.layout import Layout
from samovar.model.settings import DecoderSettings


def from_hf_config(config: dict[str, Any]) -> DecoderSettings:
    """The shape that ``config.json`` describes."""
    refuse(config, layer_types=None)  # Ministral's, which mix windows with full layers
    common, window = read_common(config), config.get("sliding_window")
    return DecoderSettings(
        **common, window=window, windowed_layers=tuple(range(common["num_layers"])) if window else ()
    )


def to_hf_config(settings: DecoderSettings) -> dict[str, Any]:
    """``config.json`` for a decoder of this shape, without token ids."""
    return write_common(settings, "MistralForCausalLM") | {"sliding_window": settings.window}


def layout(settings: DecoderSettings) -> Layout:
    """The names are ours."""
    return Layout()
