"""ELECTRA: BERT's shape, with an embedding that may be narrower than the model, and GELU in the head.

Source: Clark et al. 2020, arXiv:2003.10555, section 3.
"""

from __future__ import annotations

from typing import Any

from samovar.model.encoder_settings import EncoderSettings
from samovar.model.encoders.bert import BODY, LEFT_ASIDE, read_bert
from samovar.model.layout import Layout

CLASS = "Electra"

LAYOUT = Layout(
    prefix="electra.",
    heads=frozenset({"head.dense", "head.out"}),
    names=BODY
    | {"embed_map": "embeddings_project", "head.dense": "classifier.dense", "head.out": "classifier.out_proj"},
    # What tells replaced words, or replaces them.
    ignored=rf"{LEFT_ASIDE}|^(discriminator_predictions|generator_predictions|generator_lm_head)\.",
)


def from_hf_config(config: dict[str, Any]) -> EncoderSettings:
    """The shape that ``config.json`` describes."""
    return read_bert(
        config,
        embedding_size=config.get("embedding_size", 128),
        types_by_text=config.get("type_vocab_size", 2) > 1,
        head_activation="gelu",
    )
