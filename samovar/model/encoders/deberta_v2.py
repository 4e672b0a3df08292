"""DeBERTa 2 and 3: BERT's shape without positions in the embedding; attention is told of distances instead.

Source: He et al. 2021, arXiv:2006.03654, section 3, and arXiv:2111.09543.
"""

from __future__ import annotations

from typing import Any

from samovar.core.errors import ConfigError
from samovar.model.encoder_settings import EncoderSettings
from samovar.model.encoders.bert import BODY, LEFT_ASIDE, read_bert
from samovar.model.hf_config import read_activation, refuse
from samovar.model.layout import Layout

CLASS = "DebertaV2"
_ABSENT: dict[str, Any] = {
    "relative_attention": False, "position_biased_input": True, "share_att_key": False, "norm_rel_ebd": "none",
    "position_buckets": -1, "type_vocab_size": 0,
}  # fmt: skip
"""What its configuration means where it says nothing."""

LAYOUT = Layout(
    prefix="deberta.",
    heads=frozenset({"head.dense", "head.out"}),
    names=BODY
    | {
        "embed_distances": "encoder.rel_embeddings",
        "distance_norm": "encoder.LayerNorm",
        "layers.*.self_attn.q_proj": "encoder.layer.*.attention.self.query_proj",
        "layers.*.self_attn.k_proj": "encoder.layer.*.attention.self.key_proj",
        "layers.*.self_attn.v_proj": "encoder.layer.*.attention.self.value_proj",
        "head.dense": "pooler.dense",
        "head.out": "classifier",
    },
    # What predicts or tells replaced words; the positions among it are of no use to the encoder.
    ignored=rf"{LEFT_ASIDE}|^(cls|lm_predictions|mask_predictions)\.|\.position_embeddings\b",
)


def from_hf_config(config: dict[str, Any]) -> EncoderSettings:
    """The shape that ``config.json`` describes."""
    config = _ABSENT | config
    width, longest = config["hidden_size"], config["max_position_embeddings"]
    refuse(
        config,
        relative_attention=True,
        position_biased_input=False,
        share_att_key=True,
        norm_rel_ebd="layer_norm",
        conv_kernel_size=0,
        embedding_size=width,
        pooler_hidden_size=width,
    )
    kinds = config.get("pos_att_type") or []
    kinds = kinds.lower().split("|") if isinstance(kinds, str) else kinds
    refuse({"model_type": config["model_type"], "pos_att_type": sorted(kinds)}, pos_att_type=["c2p", "p2c"])
    if config["position_buckets"] < 1:
        raise ConfigError(
            f"config.json of this deberta-v2 has position_buckets = {config['position_buckets']}: every distance has a "
            "vector of its own, which is not supported",
            hint="models with position_buckets = 256 open, as DeBERTa 2 and 3 were published",
        )
    head = config.get("pooler_hidden_act", "gelu")
    return read_bert(
        config,
        position="distance",
        num_buckets=config["position_buckets"],
        max_distance=config["max_relative_positions"] if config.get("max_relative_positions", -1) > 0 else longest,
        types_by_text=config["type_vocab_size"] > 1,
        norm_eps=config.get("layer_norm_eps", 1e-7),
        head_activation=head if head == "tanh" else read_activation(head),
    )
