"""Gemma 3's text model: normed queries and keys, five windowed layers to one full, each with its own rotation.

Source: Gemma Team 2025, arXiv:2503.19786, section 2.
"""

from __future__ import annotations

from typing import Any

from samovar.model.families import gemma2
from samovar.model.families.gemma2 import read_gemma, write_gemma
from samovar.model.hf_config import FULL, WINDOWED, write_rope
from samovar.model.layout import Layout
from samovar.model.settings import DecoderSettings

THETA, LOCAL_THETA = 1_000_000.0, 10_000.0


def from_hf_config(config: dict[str, Any]) -> DecoderSettings:
    """The shape that ``config.json`` describes."""
    by_kind = config.get("rope_parameters") or {}
    full = by_kind.get(FULL) or {"rope_theta": config.get("rope_theta", THETA)}
    local = by_kind.get(WINDOWED) or {"rope_theta": config.get("rope_local_base_freq", LOCAL_THETA)}
    every = config.get("sliding_window_pattern", 6)
    kinds = [FULL if (number + 1) % every == 0 else WINDOWED for number in range(config["num_hidden_layers"])]
    return read_gemma(
        config | {"rope_parameters": full},
        kinds=config.get("layer_types") or kinds,
        qk_norm=True,
        local_rope_theta=local["rope_theta"],
        score_softcap=config.get("attn_logit_softcapping"),
        logit_softcap=config.get("final_logit_softcapping"),
    )


def to_hf_config(settings: DecoderSettings) -> dict[str, Any]:
    """``config.json`` for a decoder of this shape, without token ids."""
    full = write_rope(settings)["rope_parameters"]
    local = {"rope_theta": settings.local_rope_theta, "rope_type": "default"}
    return write_gemma(settings, "Gemma3ForCausalLM") | {
        "rope_local_base_freq": settings.local_rope_theta,
        "rope_parameters": {FULL: full, WINDOWED: local},
    }


def layout(settings: DecoderSettings) -> Layout:
    """As in Gemma 2."""
    return gemma2.layout(settings)
