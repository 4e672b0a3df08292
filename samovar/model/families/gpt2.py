"""GPT-2, and so ruGPT-3 and ruGPT-3.5: learned positions, biases everywhere.

Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.3.
"""

from __future__ import annotations

from typing import Any

from samovar.model.hf_config import read_activation, refuse
from samovar.model.layout import FusedQKV, Layout
from samovar.model.settings import DecoderSettings


def from_hf_config(config: dict[str, Any]) -> DecoderSettings:
    """The shape that ``config.json`` describes."""
    refuse(config, add_cross_attention=False, scale_attn_by_inverse_layer_idx=False)
    width, heads = config["n_embd"], config["n_head"]
    return DecoderSettings(
        family="gpt2",
        vocab_size=config["vocab_size"],
        hidden_size=width,
        intermediate_size=config.get("n_inner") or 4 * width,
        num_layers=config["n_layer"],
        num_heads=heads,
        num_kv_heads=heads,
        head_dim=width // heads,
        max_positions=config["n_positions"],
        norm="layer",
        norm_eps=config.get("layer_norm_epsilon", 1e-5),
        position="learned",
        qk_norm=False,
        attention_bias=True,
        output_bias=True,
        score_scale=None if config.get("scale_attn_weights", True) else 1.0,
        mlp="plain",
        mlp_bias=True,
        activation=read_activation(config.get("activation_function", "gelu_new")),
        tie_embeddings=bool(config.get("tie_word_embeddings", True)),
    )


def to_hf_config(settings: DecoderSettings) -> dict[str, Any]:
    """``config.json`` for a decoder of this shape, without token ids."""
    return {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "vocab_size": settings.vocab_size,
        "n_embd": settings.hidden_size,
        "n_inner": settings.intermediate_size,
        "n_layer": settings.num_layers,
        "n_head": settings.num_heads,
        "n_positions": settings.max_positions,
        "n_ctx": settings.max_positions,
        "layer_norm_epsilon": settings.norm_eps,
        "activation_function": "gelu_new" if settings.activation == "gelu_tanh" else settings.activation,
        "scale_attn_weights": settings.score_scale is None,
        "tie_word_embeddings": settings.tie_embeddings,
        "resid_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "attn_pdrop": 0.0,
        "use_cache": True,
    }


def layout(settings: DecoderSettings) -> Layout:
    """Names of its own, queries, keys and values in one matrix, and all matrices inputs first."""
    return Layout(
        prefix="transformer.",
        names={
            "embed_tokens": "wte",
            "embed_positions": "wpe",
            "norm": "ln_f",
            "layers.*.input_layernorm": "h.*.ln_1",
            "layers.*.post_attention_layernorm": "h.*.ln_2",
            "layers.*.self_attn.o_proj": "h.*.attn.c_proj",
            "layers.*.mlp.up_proj": "h.*.mlp.c_fc",
            "layers.*.mlp.down_proj": "h.*.mlp.c_proj",
        },
        fused=FusedQKV("h.*.attn.c_attn"),
        transposed=frozenset({"h.*.attn.c_attn", "h.*.attn.c_proj", "h.*.mlp.c_fc", "h.*.mlp.c_proj"}),
    )
