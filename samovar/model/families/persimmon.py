"""Persimmon: squared ReLU, normed queries and keys, half of each head rotated, biases everywhere.

Source: Elsen et al. 2023, adept.ai/blog/persimmon-8b.
"""

from __future__ import annotations

from typing import Any

from samovar.model.hf_config import read_common, read_rope, write_common
from samovar.model.layout import FusedQKV, Layout
from samovar.model.settings import DecoderSettings

ROTATED = 0.5


def from_hf_config(config: dict[str, Any]) -> DecoderSettings:
    """The shape that ``config.json`` describes."""
    return DecoderSettings(
        **read_common({"hidden_act": "relu2"} | config)
        | read_rope(config, share=ROTATED)
        | {
            "norm": "layer",
            "norm_eps": config.get("layer_norm_eps", 1e-5),
            "qk_norm": bool(config.get("qk_layernorm", True)),
            "attention_bias": True,
            "output_bias": True,
            "mlp": "plain",
            "mlp_bias": True,
        }
    )


def to_hf_config(settings: DecoderSettings) -> dict[str, Any]:
    """``config.json`` for a decoder of this shape, without token ids."""
    config = write_common(settings, "PersimmonForCausalLM") | {
        "layer_norm_eps": settings.norm_eps,
        "qk_layernorm": settings.qk_norm,
        "partial_rotary_factor": settings.rotary_share,
        "hidden_dropout": 0.0,
    }
    for key in ("rms_norm_eps", "head_dim", "num_key_value_heads"):
        del config[key]
    return config


def layout(settings: DecoderSettings) -> Layout:
    """A few names of its own; queries, keys and values in one matrix, head by head."""
    return Layout(
        names={
            "norm": "final_layernorm",
            "layers.*.self_attn.o_proj": "layers.*.self_attn.dense",
            "layers.*.self_attn.q_norm": "layers.*.self_attn.q_layernorm",
            "layers.*.self_attn.k_norm": "layers.*.self_attn.k_layernorm",
            "layers.*.mlp.up_proj": "layers.*.mlp.dense_h_to_4h",
            "layers.*.mlp.down_proj": "layers.*.mlp.dense_4h_to_h",
        },
        fused=FusedQKV("layers.*.self_attn.query_key_value", in_groups=True),
    )
