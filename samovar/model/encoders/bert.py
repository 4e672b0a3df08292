"""BERT: learned positions and kinds of tokens, norms behind the sums. What follows it in shape is read here too.

Source: Devlin et al. 2019, arXiv:1810.04805, section 3.
"""

from __future__ import annotations

from typing import Any

from samovar.model.encoder_settings import EncoderSettings
from samovar.model.hf_config import read_activation, refuse
from samovar.model.layout import Layout

CLASS = "Bert"
LEFT_ASIDE = r"(^|\.)(position_ids|token_type_ids)$"
"""What checkpoints hold beside weights."""
BODY = {
    "embed_tokens": "embeddings.word_embeddings",
    "embed_positions": "embeddings.position_embeddings",
    "embed_types": "embeddings.token_type_embeddings",
    "norm": "embeddings.LayerNorm",
    "layers.*.self_attn.q_proj": "encoder.layer.*.attention.self.query",
    "layers.*.self_attn.k_proj": "encoder.layer.*.attention.self.key",
    "layers.*.self_attn.v_proj": "encoder.layer.*.attention.self.value",
    "layers.*.self_attn.o_proj": "encoder.layer.*.attention.output.dense",
    "layers.*.attention_norm": "encoder.layer.*.attention.output.LayerNorm",
    "layers.*.mlp.up_proj": "encoder.layer.*.intermediate.dense",
    "layers.*.mlp.down_proj": "encoder.layer.*.output.dense",
    "layers.*.mlp_norm": "encoder.layer.*.output.LayerNorm",
}
"""How BERT and those after it name all but heads."""

LAYOUT = Layout(
    prefix="bert.",
    heads=frozenset({"head.out"}),
    names=BODY | {"head.dense": "pooler.dense", "head.out": "classifier"},
    # What predicts masked words is no part of the encoder.
    ignored=rf"{LEFT_ASIDE}|^cls\.",
)


def from_hf_config(config: dict[str, Any]) -> EncoderSettings:
    """The shape that ``config.json`` describes."""
    return read_bert(config, types_by_text=config.get("type_vocab_size", 2) > 1)


def read_bert(config: dict[str, Any], **more: Any) -> EncoderSettings:
    """The shape that config.json of BERT, or of a family that follows it, describes."""
    refuse(config, position_embedding_type="absolute", is_decoder=False)
    return EncoderSettings(
        **{
            "family": config["model_type"],
            "vocab_size": config["vocab_size"],
            "hidden_size": config["hidden_size"],
            "intermediate_size": config["intermediate_size"],
            "num_layers": config["num_hidden_layers"],
            "num_heads": config["num_attention_heads"],
            "max_positions": config["max_position_embeddings"],
            "num_types": config.get("type_vocab_size", 2),
            "norm_eps": config.get("layer_norm_eps", 1e-12),
            "activation": read_activation(config.get("hidden_act", "gelu")),
        }
        | more
    )
