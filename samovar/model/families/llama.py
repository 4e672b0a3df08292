"""LLaMA 1, 2 and 3, and what is built in its shape: Alpaca, Vicuna, Guanaco, Koala, Orca, Yi, SmolLM2, Saiga.

Source: Touvron et al. 2023, arXiv:2302.13971; Grattafiori et al. 2024 (Llama 3), arXiv:2407.21783.
"""

from __future__ import annotations

from typing import Any

from samovar.model.hf_config import read_common, write_common
from samovar.model.layout import Layout
from samovar.model.settings import DecoderSettings


def from_hf_config(config: dict[str, Any]) -> DecoderSettings:
    """The shape that ``config.json`` describes."""
    has_bias = bool(config.get("attention_bias", False))
    return DecoderSettings(
        **read_common(config),
        attention_bias=has_bias,
        output_bias=has_bias,
        mlp_bias=bool(config.get("mlp_bias", False)),
    )


def to_hf_config(settings: DecoderSettings) -> dict[str, Any]:
    """``config.json`` for a decoder of this shape, without token ids."""
    return write_common(settings, "LlamaForCausalLM") | {
        "attention_bias": settings.attention_bias,
        "mlp_bias": settings.mlp_bias,
    }


def layout(settings: DecoderSettings) -> Layout:
    """The names are ours."""
    return Layout()
