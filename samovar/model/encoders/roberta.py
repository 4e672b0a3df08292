"""RoBERTa: BERT's shape with positions from the third row on, and one kind of tokens.

Source: Liu et al. 2019, arXiv:1907.11692.
"""

from __future__ import annotations

from typing import Any

from samovar.model.encoder_settings import EncoderSettings
from samovar.model.encoders.bert import BODY, LEFT_ASIDE, read_bert
from samovar.model.layout import Layout

CLASS = "Roberta"
UNUSED_POSITIONS = 2

LAYOUT = Layout(
    prefix="roberta.",
    heads=frozenset({"head.dense", "head.out"}),
    names=BODY | {"head.dense": "classifier.dense", "head.out": "classifier.out_proj"},
    # Its pooler was never trained, and classifiers do without it.
    ignored=rf"{LEFT_ASIDE}|^lm_head\.|^(roberta\.)?pooler\.",
)


def from_hf_config(config: dict[str, Any]) -> EncoderSettings:
    """The shape that ``config.json`` describes."""
    positions = config["max_position_embeddings"] - UNUSED_POSITIONS
    return read_bert(config, max_positions=positions, position_offset=UNUSED_POSITIONS)
