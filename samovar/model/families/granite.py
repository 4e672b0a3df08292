"""Granite 3: LLaMA's shape, with multipliers on embeddings, scores, residuals and logits.

Source: IBM 2024, github.com/ibm-granite/granite-3.0-language-models; the multipliers are muP's (arXiv:2203.03466).
"""

from __future__ import annotations

from typing import Any

from samovar.model.families import llama
from samovar.model.layout import Layout
from samovar.model.settings import DecoderSettings


def from_hf_config(config: dict[str, Any]) -> DecoderSettings:
    """The shape that ``config.json`` describes."""
    return llama.from_hf_config(config).model_copy(
        update={
            "embedding_multiplier": float(config.get("embedding_multiplier", 1.0)),
            "residual_multiplier": float(config.get("residual_multiplier", 1.0)),
            "score_scale": float(config.get("attention_multiplier", 1.0)),
            "logit_divisor": float(config.get("logits_scaling", 1.0)),
        }
    )


def to_hf_config(settings: DecoderSettings) -> dict[str, Any]:
    """``config.json`` for a decoder of this shape, without token ids."""
    return llama.to_hf_config(settings) | {
        "architectures": ["GraniteForCausalLM"],
        "embedding_multiplier": settings.embedding_multiplier,
        "residual_multiplier": settings.residual_multiplier,
        "attention_multiplier": settings.attention_scale,
        "logits_scaling": settings.logit_divisor,
    }


def layout(settings: DecoderSettings) -> Layout:
    """The names are ours."""
    return Layout()
