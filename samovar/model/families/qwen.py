"""Qwen 1: LLaMA's shape under names of its own, with biases on queries, keys and values.

Beyond the length it was trained on, the original stretches its rotation and its scores by rules that depend on the
length of the input. They are left out, and the length trained on is the longest.

Source: Bai et al. 2023, arXiv:2309.16609, section 2.3.
"""

from __future__ import annotations

from typing import Any

from samovar.model.layout import FusedQKV, Layout
from samovar.model.settings import DecoderSettings


def from_hf_config(config: dict[str, Any]) -> DecoderSettings:
    """The shape that ``config.json`` describes."""
    has_bias = not config.get("no_bias", True)
    heads = config["num_attention_heads"]
    return DecoderSettings(
        family="qwen",
        vocab_size=config["vocab_size"],
        hidden_size=config["hidden_size"],
        # The file counts the gate and what it gates as one.
        intermediate_size=config["intermediate_size"] // 2,
        num_layers=config["num_hidden_layers"],
        num_heads=heads,
        num_kv_heads=heads,
        head_dim=config.get("kv_channels") or config["hidden_size"] // heads,
        max_positions=config.get("seq_length") or config["max_position_embeddings"],
        norm_eps=config.get("layer_norm_epsilon", 1e-6),
        rope_theta=config.get("rotary_emb_base", 10_000.0),
        rotary_share=config.get("rotary_pct", 1.0),
        qk_norm=False,
        attention_bias=True,
        output_bias=has_bias,
        mlp_bias=has_bias,
        tie_embeddings=bool(config.get("tie_word_embeddings", False)),
    )


def to_hf_config(settings: DecoderSettings) -> dict[str, Any]:
    """``config.json`` for a decoder of this shape, without token ids."""
    return {
        "architectures": ["QWenLMHeadModel"],
        "model_type": "qwen",
        "vocab_size": settings.vocab_size,
        "hidden_size": settings.hidden_size,
        "intermediate_size": 2 * settings.intermediate_size,
        "num_hidden_layers": settings.num_layers,
        "num_attention_heads": settings.num_heads,
        "kv_channels": settings.head_dim,
        "seq_length": settings.max_positions,
        "max_position_embeddings": settings.max_positions,
        "layer_norm_epsilon": settings.norm_eps,
        "rotary_emb_base": settings.rope_theta,
        "rotary_pct": settings.rotary_share,
        "no_bias": not settings.output_bias,
        "tie_word_embeddings": settings.tie_embeddings,
        "use_dynamic_ntk": False,
        "use_logn_attn": False,
        "use_cache": True,
    }


def layout(settings: DecoderSettings) -> Layout:
    """GPT-2's names, queries, keys and values in one; ``w2`` is the gate."""
    return Layout(
        prefix="transformer.",
        names={
            "embed_tokens": "wte",
            "norm": "ln_f",
            "layers.*.input_layernorm": "h.*.ln_1",
            "layers.*.post_attention_layernorm": "h.*.ln_2",
            "layers.*.self_attn.o_proj": "h.*.attn.c_proj",
            "layers.*.mlp.up_proj": "h.*.mlp.w1",
            "layers.*.mlp.gate_proj": "h.*.mlp.w2",
            "layers.*.mlp.down_proj": "h.*.mlp.c_proj",
        },
        fused=FusedQKV("h.*.attn.c_attn"),
    )
