"""ModernBERT: rotary positions, norms before the blocks, GeGLU; two of three layers see a window around each token.

Source: Warner et al. 2024, arXiv:2412.13663, section 2.
"""

from __future__ import annotations

from typing import Any

from samovar.model.encoder_settings import EncoderSettings
from samovar.model.encoders.bert import LEFT_ASIDE
from samovar.model.hf_config import FULL, WINDOWED, read_activation, refuse, windowed_layers
from samovar.model.layout import Layout

CLASS = "ModernBert"

LAYOUT = Layout(
    prefix="model.",
    heads=frozenset({"head.dense", "head.norm", "head.out"}),
    names={
        "embed_tokens": "embeddings.tok_embeddings",
        "norm": "embeddings.norm",
        "layers.*.attention_norm": "layers.*.attn_norm",
        "layers.*.self_attn.o_proj": "layers.*.attn.Wo",
        "layers.*.mlp.down_proj": "layers.*.mlp.Wo",
        "head.out": "classifier",
    },
    stacked={
        "layers.*.attn.Wqkv": tuple(f"layers.*.self_attn.{name}_proj" for name in "qkv"),
        "layers.*.mlp.Wi": ("layers.*.mlp.gate_proj", "layers.*.mlp.up_proj"),
    },
    # What predicts masked words.
    ignored=rf"{LEFT_ASIDE}|^decoder\.",
)


def from_hf_config(config: dict[str, Any]) -> EncoderSettings:
    """The shape that ``config.json`` describes, as transformers 5 writes it and as older ones did."""
    refuse(config, rope_scaling=None)
    turns = config.get("rope_parameters") or {}
    for kind in (FULL, WINDOWED):
        refuse({"model_type": config.get("model_type")} | (turns.get(kind) or {}), rope_type="default")
    full = (turns.get(FULL) or {}).get("rope_theta") or config.get("global_rope_theta", 160_000.0)
    local = (turns.get(WINDOWED) or {}).get("rope_theta") or config.get("local_rope_theta", 10_000.0)
    layers, every = range(config["num_hidden_layers"]), config.get("global_attn_every_n_layers", 3)
    kinds = config.get("layer_types") or [WINDOWED if number % every else FULL for number in layers]
    head = config.get("classifier_activation", "gelu")
    return EncoderSettings(
        family="modernbert",
        vocab_size=config["vocab_size"],
        hidden_size=config["hidden_size"],
        intermediate_size=config["intermediate_size"],
        num_layers=config["num_hidden_layers"],
        num_heads=config["num_attention_heads"],
        max_positions=config["max_position_embeddings"],
        position="rope",
        rope_theta=full,
        local_rope_theta=local or full,
        window=config.get("local_attention", 128) // 2,
        windowed_layers=windowed_layers(kinds),
        num_types=0,
        block="pre",
        norm_eps=config.get("norm_eps", 1e-5),
        norm_bias=config.get("norm_bias", False),
        attention_bias=config.get("attention_bias", False),
        mlp="gated",
        mlp_bias=config.get("mlp_bias", False),
        activation=read_activation(config.get("hidden_activation", "gelu")),
        head_pooling="mean" if config.get("classifier_pooling") == "mean" else "first",
        head_activation=head if head == "tanh" else read_activation(head),
        head_bias=config.get("classifier_bias", False),
        head_norm=True,
    )
