"""Gemma 3 with eyes, of which the text model is opened; it is saved as ``gemma3_text``.

Source: Gemma Team 2025, arXiv:2503.19786.
"""

from __future__ import annotations

from typing import Any

from samovar.model.families import gemma3_text
from samovar.model.layout import Layout
from samovar.model.settings import DecoderSettings

_UNSAID = {
    "model_type": "gemma3_text",
    "vocab_size": 262_208,
    "hidden_size": 2304,
    "intermediate_size": 9216,
    "num_hidden_layers": 26,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "max_position_embeddings": 131_072,
    "sliding_window": 4096,
}
"""What text_config leaves out where it is as in transformers' class."""


def from_hf_config(config: dict[str, Any]) -> DecoderSettings:
    """The shape of the text model that ``config.json`` describes."""
    tied = {"tie_word_embeddings": config.get("tie_word_embeddings", True)}
    return gemma3_text.from_hf_config(_UNSAID | tied | config["text_config"])


def to_hf_config(settings: DecoderSettings) -> dict[str, Any]:
    """``config.json`` of the text model alone."""
    return gemma3_text.to_hf_config(settings)


def layout(settings: DecoderSettings) -> Layout:
    """As in Gemma 2, behind a longer prefix; without what sees."""
    return Layout(
        prefix="model.language_model.",
        older_prefixes=("language_model.model.", "language_model."),
        names=gemma3_text.layout(settings).names,
        ignored=r"^(model\.)?(vision_tower|multi_modal_projector)\.",
    )
