"""MPT: ALiBi for positions, no biases anywhere.

Source: MosaicML 2023, databricks.com/blog/mpt-7b; Press et al. 2022, arXiv:2108.12409.
"""

from __future__ import annotations

from typing import Any

from samovar.model.hf_config import refuse
from samovar.model.layout import FusedQKV, Layout
from samovar.model.settings import DecoderSettings


def from_hf_config(config: dict[str, Any]) -> DecoderSettings:
    """The shape that ``config.json`` describes."""
    attention = config.get("attn_config") or {}
    refuse(config, no_bias=True, logit_scale=None)
    refuse({"model_type": "mpt"} | attention, alibi=True, qk_ln=False, prefix_lm=False, attn_type="multihead_attention")
    width, heads = config["d_model"], config["n_heads"]
    return DecoderSettings(
        family="mpt",
        vocab_size=config["vocab_size"],
        hidden_size=width,
        intermediate_size=width * config.get("expansion_ratio", 4),
        num_layers=config["n_layers"],
        num_heads=heads,
        num_kv_heads=heads,
        head_dim=width // heads,
        max_positions=config["max_seq_len"],
        norm="layer_without_bias",
        norm_eps=config.get("layer_norm_epsilon", 1e-5),
        position="alibi",
        alibi_exponent=attention.get("alibi_bias_max", 8),
        qk_norm=False,
        qkv_clip=attention.get("clip_qkv"),
        score_scale=attention.get("softmax_scale"),
        mlp="plain",
        activation="gelu",
        tie_embeddings=bool(config.get("tie_word_embeddings", True)),
    )


def to_hf_config(settings: DecoderSettings) -> dict[str, Any]:
    """``config.json`` for a decoder of this shape, without token ids."""
    return {
        "architectures": ["MptForCausalLM"],
        "model_type": "mpt",
        "vocab_size": settings.vocab_size,
        "d_model": settings.hidden_size,
        "expansion_ratio": settings.intermediate_size // settings.hidden_size,
        "n_layers": settings.num_layers,
        "n_heads": settings.num_heads,
        "max_seq_len": settings.max_positions,
        "layer_norm_epsilon": settings.norm_eps,
        "attn_config": {
            "alibi": True,
            "alibi_bias_max": int(settings.alibi_exponent),
            "clip_qkv": settings.qkv_clip,
            "softmax_scale": settings.score_scale,
        },
        "no_bias": True,
        "tie_word_embeddings": settings.tie_embeddings,
        "use_cache": True,
    }


def layout(settings: DecoderSettings) -> Layout:
    """Names of its own; queries, keys and values in one matrix."""
    return Layout(
        prefix="transformer.",
        names={
            "embed_tokens": "wte",
            "norm": "norm_f",
            "layers.*.input_layernorm": "blocks.*.norm_1",
            "layers.*.post_attention_layernorm": "blocks.*.norm_2",
            "layers.*.self_attn.o_proj": "blocks.*.attn.out_proj",
            "layers.*.mlp.up_proj": "blocks.*.ffn.up_proj",
            "layers.*.mlp.down_proj": "blocks.*.ffn.down_proj",
        },
        fused=FusedQKV("blocks.*.attn.Wqkv"),
    )
