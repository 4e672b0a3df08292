"""Gemma 2: a norm before and after every block, every other layer windowed, soft caps on scores and logits.

Source: Gemma Team 2024, arXiv:2408.00118, section 2.
"""

from __future__ import annotations

from typing import Any

from samovar.model.hf_config import (
    FULL,
    WINDOWED,
    layer_types,
    read_activation,
    read_common,
    refuse,
    windowed_layers,
    write_activation,
    write_common,
)
from samovar.model.layout import Layout
from samovar.model.settings import DecoderSettings


def from_hf_config(config: dict[str, Any]) -> DecoderSettings:
    """The shape that ``config.json`` describes."""
    layers = range(config["num_hidden_layers"])
    return read_gemma(
        config,
        kinds=config.get("layer_types") or [FULL if number % 2 else WINDOWED for number in layers],
        score_softcap=config.get("attn_logit_softcapping", 50.0),
        logit_softcap=config.get("final_logit_softcapping", 30.0),
    )


def to_hf_config(settings: DecoderSettings) -> dict[str, Any]:
    """``config.json`` for a decoder of this shape, without token ids."""
    return write_gemma(settings, "Gemma2ForCausalLM")


def layout(settings: DecoderSettings) -> Layout:
    """Norms before a block have our names; those after it are called after the place where they stand."""
    return Layout(
        names={
            "layers.*.attention_output_norm": "layers.*.post_attention_layernorm",
            "layers.*.post_attention_layernorm": "layers.*.pre_feedforward_layernorm",
            "layers.*.mlp_output_norm": "layers.*.post_feedforward_layernorm",
        }
    )


def read_gemma(config: dict[str, Any], *, kinds: list[str], **more: Any) -> DecoderSettings:
    """The shape that config.json of Gemma 2 or 3 describes; ``kinds`` names the layers' attention."""
    refuse(config, use_bidirectional_attention=False)
    has_bias = bool(config.get("attention_bias", False))
    windowed = windowed_layers(kinds)
    return DecoderSettings(
        **read_common({"tie_word_embeddings": True} | config)
        | {
            "activation": read_activation(config.get("hidden_activation") or "gelu_pytorch_tanh"),
            "norm": "shifted_rms",
            "block": "sandwich",
            "attention_bias": has_bias,
            "output_bias": has_bias,
            "score_scale": config.get("query_pre_attn_scalar", 256) ** -0.5,
            "window": config.get("sliding_window") if windowed else None,
            "windowed_layers": windowed,
            "embedding_multiplier": config["hidden_size"] ** 0.5,
        }
        | more
    )


def write_gemma(settings: DecoderSettings, architecture: str) -> dict[str, Any]:
    """``config.json`` with what ``read_gemma`` reads, and the soft caps."""
    return write_common(settings, architecture) | {
        "hidden_activation": write_activation(settings.activation),
        "attention_bias": settings.attention_bias,
        "query_pre_attn_scalar": round(settings.attention_scale**-2),
        "sliding_window": settings.window,
        "layer_types": layer_types(settings),
        "attn_logit_softcapping": settings.score_softcap,
        "final_logit_softcapping": settings.logit_softcap,
    }
