"""Qwen3: our own shape, so that names map one to one."""

from __future__ import annotations

from typing import Any

from samovar.model.settings import DecoderSettings

ARCHITECTURE = "Qwen3ForCausalLM"


def to_hf_config(settings: DecoderSettings) -> dict[str, Any]:
    """``config.json`` for a decoder of this shape, without token ids."""
    return {
        "architectures": [ARCHITECTURE],
        "model_type": "qwen3",
        "vocab_size": settings.vocab_size,
        "hidden_size": settings.hidden_size,
        "intermediate_size": settings.intermediate_size,
        "num_hidden_layers": settings.num_layers,
        "num_attention_heads": settings.num_heads,
        "num_key_value_heads": settings.num_kv_heads,
        "head_dim": settings.head_dim,
        "hidden_act": "silu",
        "max_position_embeddings": settings.max_positions,
        # transformers 5 reads rope_parameters, vLLM and llama.cpp's converter the older rope_theta.
        "rope_theta": settings.rope_theta,
        "rope_parameters": {"rope_theta": settings.rope_theta, "rope_type": "default"},
        "rms_norm_eps": settings.norm_eps,
        "tie_word_embeddings": settings.tie_embeddings,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "use_sliding_window": False,
        "use_cache": True,
    }


def from_hf_config(config: dict[str, Any]) -> DecoderSettings:
    """The shape that ``config.json`` describes."""
    rope = config.get("rope_parameters") or {}
    return DecoderSettings(
        vocab_size=config["vocab_size"],
        hidden_size=config["hidden_size"],
        intermediate_size=config["intermediate_size"],
        num_layers=config["num_hidden_layers"],
        num_heads=config["num_attention_heads"],
        num_kv_heads=config["num_key_value_heads"],
        head_dim=config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"],
        max_positions=config["max_position_embeddings"],
        rope_theta=rope.get("rope_theta") or config.get("rope_theta", 10_000.0),
        norm_eps=config["rms_norm_eps"],
        tie_embeddings=config["tie_word_embeddings"],
    )


def to_hf_name(name: str) -> str:
    """The name of our parameter in a Qwen3 checkpoint."""
    return name if name.startswith("lm_head.") else f"model.{name}"


def from_hf_name(name: str) -> str:
    """The name of a Qwen3 checkpoint's parameter in our decoder."""
    return name.removeprefix("model.")
