"""Phi 1, 1.5 and 2: attention beside the feed-forward block, a part of each head rotated, biases everywhere.

Source: Li et al. 2023, arXiv:2309.05463, section 2.
"""

from __future__ import annotations

from typing import Any

from samovar.model.hf_config import read_common, read_rope, refuse, write_common
from samovar.model.layout import Layout
from samovar.model.settings import DecoderSettings

ROTATED = 0.5


def from_hf_config(config: dict[str, Any]) -> DecoderSettings:
    """The shape that ``config.json`` describes."""
    refuse(config, tie_word_embeddings=False)
    return DecoderSettings(
        **read_common({"hidden_act": "gelu_new"} | config)
        | read_rope(config, share=ROTATED)
        | {
            "norm": "layer",
            "norm_eps": config.get("layer_norm_eps", 1e-5),
            "block": "parallel_one_norm",
            "qk_norm": bool(config.get("qk_layernorm", False)),
            "attention_bias": True,
            "output_bias": True,
            "mlp": "plain",
            "mlp_bias": True,
            "head_bias": True,
        }
    )


def to_hf_config(settings: DecoderSettings) -> dict[str, Any]:
    """``config.json`` for a decoder of this shape, without token ids."""
    config = write_common(settings, "PhiForCausalLM") | {
        "layer_norm_eps": settings.norm_eps,
        "qk_layernorm": settings.qk_norm,
        "partial_rotary_factor": settings.rotary_share,
        "resid_pdrop": 0.0,
        "embd_pdrop": 0.0,
    }
    del config["rms_norm_eps"], config["head_dim"]
    return config


def layout(settings: DecoderSettings) -> Layout:
    """A few names of its own."""
    return Layout(
        names={
            "norm": "final_layernorm",
            "layers.*.self_attn.o_proj": "layers.*.self_attn.dense",
            "layers.*.self_attn.q_norm": "layers.*.self_attn.q_layernorm",
            "layers.*.self_attn.k_norm": "layers.*.self_attn.k_layernorm",
            "layers.*.mlp.up_proj": "layers.*.mlp.fc1",
            "layers.*.mlp.down_proj": "layers.*.mlp.fc2",
        }
    )
