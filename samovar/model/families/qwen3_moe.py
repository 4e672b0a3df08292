"""Qwen 3 with experts.

Source: Yang et al. 2025, arXiv:2505.09388, section 2.
"""

from __future__ import annotations

from typing import Any

from samovar.model.families import qwen3
from samovar.model.layout import Layout
from samovar.model.settings import DecoderSettings


def from_hf_config(config: dict[str, Any]) -> DecoderSettings:
    """The shape that ``config.json`` describes."""
    plain, every = config.get("mlp_only_layers") or [], config.get("decoder_sparse_step", 1)
    # Its window, where it is on, is over all layers.
    shape = qwen3.from_hf_config(config | {"max_window_layers": 0})
    sparse = [layer for layer in range(shape.num_layers) if layer not in plain and (layer + 1) % every == 0]
    return DecoderSettings.model_validate(
        shape.model_dump()
        | {
            "num_experts": config["num_experts"] if "num_experts" in config else config["num_local_experts"],
            "experts_per_token": config["num_experts_per_tok"],
            "expert_size": config["moe_intermediate_size"],
            "expert_layers": tuple(sparse),
            "norm_topk": bool(config.get("norm_topk_prob", False)),
        }
    )


def to_hf_config(settings: DecoderSettings) -> dict[str, Any]:
    """``config.json`` for a decoder of this shape, without token ids."""
    config = qwen3.to_hf_config(settings)
    for key in ("layer_types", "max_window_layers"):
        config.pop(key, None)
    return config | {
        "architectures": ["Qwen3MoeForCausalLM"],
        "num_experts": settings.num_experts,
        "num_experts_per_tok": settings.experts_per_token,
        "moe_intermediate_size": settings.expert_size,
        "decoder_sparse_step": 1,
        "mlp_only_layers": [layer for layer in range(settings.num_layers) if layer not in settings.expert_layers],
        "norm_topk_prob": settings.norm_topk,
    }


def layout(settings: DecoderSettings) -> Layout:
    """The names are ours, but for the router's."""
    return Layout(names={"layers.*.mlp.router": "layers.*.mlp.gate"})
