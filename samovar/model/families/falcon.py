"""Falcon: attention beside the feed-forward block, and few heads for keys and values.

7B: one of them, and one norm for both blocks. 40B: groups of heads, and two norms. RW: one for each head, blocks one
after the other, ALiBi for positions.

Source: Almazrouei et al. 2023, arXiv:2311.16867, section 3.3.
"""

from __future__ import annotations

from typing import Any

from samovar.model.hf_config import read_activation, read_rope, write_activation, write_rope
from samovar.model.layout import FusedQKV, Layout
from samovar.model.settings import DecoderSettings


def from_hf_config(config: dict[str, Any]) -> DecoderSettings:
    """The shape that ``config.json`` describes."""
    width, heads = config["hidden_size"], config["num_attention_heads"]
    has_bias, uses_alibi = bool(config.get("bias", False)), bool(config.get("alibi", False))
    return DecoderSettings(
        family="falcon",
        vocab_size=config["vocab_size"],
        hidden_size=width,
        intermediate_size=config.get("ffn_hidden_size") or 4 * width,
        num_layers=config["num_hidden_layers"],
        num_heads=heads,
        num_kv_heads=_num_kv_heads(config),
        head_dim=width // heads,
        max_positions=config.get("max_position_embeddings", 2048),
        norm="layer",
        norm_eps=config.get("layer_norm_epsilon", 1e-5),
        block=_block(config),
        position="alibi" if uses_alibi else "rope",
        # The bias for distance is added before scores are scaled.
        alibi_scale=(width // heads) ** -0.5 if uses_alibi else 1.0,
        alibi_in_bfloat16=uses_alibi,
        **read_rope({"max_position_embeddings": 2048} | config),
        qk_norm=False,
        attention_bias=has_bias,
        output_bias=has_bias,
        mlp="plain",
        mlp_bias=has_bias,
        activation=read_activation(config.get("activation", "gelu")),
        tie_embeddings=bool(config.get("tie_word_embeddings", True)),
    )


def to_hf_config(settings: DecoderSettings) -> dict[str, Any]:
    """``config.json`` for a decoder of this shape, without token ids."""
    is_newer = settings.block == "parallel" or settings.num_kv_heads not in (1, settings.num_heads)
    norms = {"num_ln_in_parallel_attn": 2 if settings.block == "parallel" else 1} if is_newer else {}
    return {
        "architectures": ["FalconForCausalLM"],
        "model_type": "falcon",
        "vocab_size": settings.vocab_size,
        "hidden_size": settings.hidden_size,
        "ffn_hidden_size": settings.intermediate_size,
        "num_hidden_layers": settings.num_layers,
        "num_attention_heads": settings.num_heads,
        "num_kv_heads": settings.num_kv_heads,
        "max_position_embeddings": settings.max_positions,
        "layer_norm_epsilon": settings.norm_eps,
        "new_decoder_architecture": is_newer,
        "multi_query": settings.num_kv_heads == 1,
        "parallel_attn": settings.block != "sequential",
        "alibi": settings.position == "alibi",
        "bias": settings.attention_bias,
        "activation": write_activation(settings.activation),
        **write_rope(settings),
        **norms,
        "tie_word_embeddings": settings.tie_embeddings,
        "hidden_dropout": 0.0,
        "attention_dropout": 0.0,
        "use_cache": True,
    }


def layout(settings: DecoderSettings) -> Layout:
    """Names of its own; queries, keys and values in one matrix, group by group."""
    two_norms = {
        "layers.*.input_layernorm": "h.*.ln_attn",
        "layers.*.post_attention_layernorm": "h.*.ln_mlp",
    }
    one_or_sequential = {
        "layers.*.input_layernorm": "h.*.input_layernorm",
        "layers.*.post_attention_layernorm": "h.*.post_attention_layernorm",
    }
    return Layout(
        prefix="transformer.",
        names={
            "embed_tokens": "word_embeddings",
            "norm": "ln_f",
            "layers.*.self_attn.o_proj": "h.*.self_attention.dense",
            "layers.*.mlp.up_proj": "h.*.mlp.dense_h_to_4h",
            "layers.*.mlp.down_proj": "h.*.mlp.dense_4h_to_h",
        }
        | (two_norms if settings.block == "parallel" else one_or_sequential),
        fused=FusedQKV("h.*.self_attention.query_key_value", in_groups=True),
    )


def _num_kv_heads(config: dict[str, Any]) -> int:
    if config.get("new_decoder_architecture"):
        return config.get("num_kv_heads") or config["num_attention_heads"]
    return 1 if config.get("multi_query", True) else config["num_attention_heads"]


def _block(config: dict[str, Any]) -> str:
    if config.get("new_decoder_architecture"):
        return "parallel_one_norm" if config.get("num_ln_in_parallel_attn") == 1 else "parallel"
    return "parallel_one_norm" if config.get("parallel_attn", True) else "sequential"
