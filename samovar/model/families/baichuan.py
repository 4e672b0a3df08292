"""Baichuan 1 and 2: LLaMA's shape with queries, keys and values in one matrix; the 13B tells positions by ALiBi.

Baichuan 2, known by its vocabulary, scales the rows of its output head to length one.

Source: Yang et al. 2023, arXiv:2309.10305, section 2.
"""

from __future__ import annotations

from typing import Any

from samovar.model.hf_config import read_common, write_common
from samovar.model.layout import FusedQKV, Layout
from samovar.model.settings import DecoderSettings

VOCABULARY_2 = 125_696
"""Tokens of Baichuan 2, of any size; Baichuan 1 has 64,000."""
ROTATES = {4096: True, 5120: False}
"""By width: the 7B rotates, the 13B has ALiBi. config.json does not say; only the 7B's has max_position_embeddings."""


def from_hf_config(config: dict[str, Any]) -> DecoderSettings:
    """The shape that ``config.json`` describes."""
    longest = config.get("max_position_embeddings") or config["model_max_length"]
    rotates = ROTATES.get(config["hidden_size"], "max_position_embeddings" in config)
    return DecoderSettings(
        **read_common(config | {"max_position_embeddings": longest}),
        position="rope" if rotates else "alibi",
        normed_head=config["vocab_size"] == VOCABULARY_2,
    )


def to_hf_config(settings: DecoderSettings) -> dict[str, Any]:
    """``config.json`` for a decoder of this shape, without token ids."""
    config = write_common(settings, "BaichuanForCausalLM") | {"model_max_length": settings.max_positions}
    for key in ("head_dim", "num_key_value_heads"):
        del config[key]
    if settings.position == "alibi":
        for key in ("max_position_embeddings", "rope_theta", "rope_parameters"):
            del config[key]
    return config


def layout(settings: DecoderSettings) -> Layout:
    """Our names, but for ``W_pack``."""
    return Layout(fused=FusedQKV("layers.*.self_attn.W_pack"))
