"""OPT: GPT-3's shape, with learned positions and ReLU. All sizes but the 350M, whose norms stand behind the blocks.

Source: Zhang et al. 2022, arXiv:2205.01068, section 2.1.
"""

from __future__ import annotations

from typing import Any

from samovar.model.hf_config import read_activation, refuse, write_activation
from samovar.model.layout import Layout
from samovar.model.settings import DecoderSettings

FIRST_POSITION = 2
"""Rows of its table of positions that come before the first."""


def from_hf_config(config: dict[str, Any]) -> DecoderSettings:
    """The shape that ``config.json`` describes."""
    width, heads = config["hidden_size"], config["num_attention_heads"]
    refuse(
        config,
        do_layer_norm_before=True,
        _remove_final_layer_norm=False,
        layer_norm_elementwise_affine=True,
        word_embed_proj_dim=width,
    )
    has_bias = bool(config.get("enable_bias", True))
    return DecoderSettings(
        family="opt",
        vocab_size=config["vocab_size"],
        hidden_size=width,
        intermediate_size=config["ffn_dim"],
        num_layers=config["num_hidden_layers"],
        num_heads=heads,
        num_kv_heads=heads,
        head_dim=width // heads,
        max_positions=config["max_position_embeddings"],
        norm="layer",
        norm_eps=1e-5,
        position="learned",
        position_offset=FIRST_POSITION,
        qk_norm=False,
        attention_bias=has_bias,
        output_bias=has_bias,
        mlp="plain",
        mlp_bias=has_bias,
        activation=read_activation(config.get("activation_function", "relu")),
        tie_embeddings=bool(config.get("tie_word_embeddings", True)),
    )


def to_hf_config(settings: DecoderSettings) -> dict[str, Any]:
    """``config.json`` for a decoder of this shape, without token ids."""
    return {
        "architectures": ["OPTForCausalLM"],
        "model_type": "opt",
        "vocab_size": settings.vocab_size,
        "hidden_size": settings.hidden_size,
        "word_embed_proj_dim": settings.hidden_size,
        "ffn_dim": settings.intermediate_size,
        "num_hidden_layers": settings.num_layers,
        "num_attention_heads": settings.num_heads,
        "max_position_embeddings": settings.max_positions,
        "activation_function": write_activation(settings.activation),
        "do_layer_norm_before": True,
        "enable_bias": settings.attention_bias,
        "layer_norm_elementwise_affine": True,
        "tie_word_embeddings": settings.tie_embeddings,
        "dropout": 0.0,
        "attention_dropout": 0.0,
        "layerdrop": 0.0,
        "use_cache": True,
    }


def layout(settings: DecoderSettings) -> Layout:
    """Names of its own."""
    return Layout(
        prefix="model.decoder.",
        older_prefixes=("decoder.",),
        names={
            "norm": "final_layer_norm",
            "layers.*.input_layernorm": "layers.*.self_attn_layer_norm",
            "layers.*.post_attention_layernorm": "layers.*.final_layer_norm",
            "layers.*.self_attn.o_proj": "layers.*.self_attn.out_proj",
            "layers.*.mlp.up_proj": "layers.*.fc1",
            "layers.*.mlp.down_proj": "layers.*.fc2",
        },
    )
