"""DistilBERT: BERT's shape with half the layers and no kinds of tokens. Source: Sanh et al. 2019, arXiv:1910.01108."""

from __future__ import annotations

from typing import Any

from samovar.model.encoder_settings import EncoderSettings
from samovar.model.encoders.bert import LEFT_ASIDE
from samovar.model.hf_config import read_activation
from samovar.model.layout import Layout

CLASS = "DistilBert"

LAYOUT = Layout(
    prefix="distilbert.",
    heads=frozenset({"head.dense", "head.out"}),
    names={
        "embed_tokens": "embeddings.word_embeddings",
        "embed_positions": "embeddings.position_embeddings",
        "norm": "embeddings.LayerNorm",
        "layers.*.self_attn.q_proj": "transformer.layer.*.attention.q_lin",
        "layers.*.self_attn.k_proj": "transformer.layer.*.attention.k_lin",
        "layers.*.self_attn.v_proj": "transformer.layer.*.attention.v_lin",
        "layers.*.self_attn.o_proj": "transformer.layer.*.attention.out_lin",
        "layers.*.attention_norm": "transformer.layer.*.sa_layer_norm",
        "layers.*.mlp.up_proj": "transformer.layer.*.ffn.lin1",
        "layers.*.mlp.down_proj": "transformer.layer.*.ffn.lin2",
        "layers.*.mlp_norm": "transformer.layer.*.output_layer_norm",
        "head.dense": "pre_classifier",
        "head.out": "classifier",
    },
    # What predicts masked words.
    ignored=rf"{LEFT_ASIDE}|^vocab_(transform|layer_norm|projector)\.",
)


def from_hf_config(config: dict[str, Any]) -> EncoderSettings:
    """The shape that ``config.json`` describes."""
    return EncoderSettings(
        family="distilbert",
        vocab_size=config["vocab_size"],
        hidden_size=config["dim"],
        intermediate_size=config["hidden_dim"],
        num_layers=config["n_layers"],
        num_heads=config["n_heads"],
        max_positions=config["max_position_embeddings"],
        num_types=0,
        activation=read_activation(config.get("activation", "gelu")),
        head_activation="relu",
    )
