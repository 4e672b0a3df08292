"""Mixtral: Mistral's shape, with experts in every layer.

Source: Jiang et al. 2024, arXiv:2401.04088.
"""

from __future__ import annotations

from typing import Any

from samovar.model.families import mistral
from samovar.model.layout import Layout
from samovar.model.settings import DecoderSettings


def from_hf_config(config: dict[str, Any]) -> DecoderSettings:
    """The shape that ``config.json`` describes."""
    shape = mistral.from_hf_config(config)
    return DecoderSettings.model_validate(
        shape.model_dump()
        | {
            "num_experts": config["num_local_experts"],
            "experts_per_token": config["num_experts_per_tok"],
            "expert_size": shape.intermediate_size,
            "expert_layers": tuple(range(shape.num_layers)),
        }
    )


def to_hf_config(settings: DecoderSettings) -> dict[str, Any]:
    """``config.json`` for a decoder of this shape, without token ids."""
    return mistral.to_hf_config(settings) | {
        "architectures": ["MixtralForCausalLM"],
        "num_local_experts": settings.num_experts,
        "num_experts_per_tok": settings.experts_per_token,
    }


def layout(settings: DecoderSettings) -> Layout:
    """Experts have names and matrices of their own."""
    return Layout(
        names={
            "layers.*.mlp.router": "layers.*.block_sparse_moe.gate",
            "layers.*.mlp.experts.*.gate_proj": "layers.*.block_sparse_moe.experts.*.w1",
            "layers.*.mlp.experts.*.up_proj": "layers.*.block_sparse_moe.experts.*.w3",
            "layers.*.mlp.experts.*.down_proj": "layers.*.block_sparse_moe.experts.*.w2",
        }
    )
