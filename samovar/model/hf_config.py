"""What config.json of most families has in common, read and written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from samovar.core.errors import ConfigError
from samovar.model.settings import Activation, DecoderSettings, RopeScaling

ACTIVATIONS: dict[str, Activation] = {
    "silu": "silu",
    "swish": "silu",
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "relu": "relu",
    "relu2": "relu_squared",
}
"""Hugging Face's names of what we know; three of them are one function."""

FULL, WINDOWED = "full_attention", "sliding_attention"
"""What ``layer_types`` calls layers that see whole rows, and those that see a window."""


def read_common(config: dict[str, Any]) -> dict[str, Any]:
    """Settings that most families write under the same names: sizes, norms, rotation, activation."""
    heads = config["num_attention_heads"]
    return {
        "family": config["model_type"],
        "vocab_size": config["vocab_size"],
        "hidden_size": config["hidden_size"],
        "intermediate_size": config["intermediate_size"],
        "num_layers": config["num_hidden_layers"],
        "num_heads": heads,
        "num_kv_heads": config.get("num_key_value_heads") or heads,
        "head_dim": config.get("head_dim") or config["hidden_size"] // heads,
        "max_positions": config["max_position_embeddings"],
        "norm_eps": config.get("rms_norm_eps", 1e-6),
        "activation": read_activation(config.get("hidden_act", "silu")),
        "tie_embeddings": bool(config.get("tie_word_embeddings", False)),
        "qk_norm": False,
        **read_rope(config),
    }


def write_common(settings: DecoderSettings, architecture: str) -> dict[str, Any]:
    """``config.json`` with what ``read_common`` reads."""
    return {
        "architectures": [architecture],
        "model_type": settings.family,
        "vocab_size": settings.vocab_size,
        "hidden_size": settings.hidden_size,
        "intermediate_size": settings.intermediate_size,
        "num_hidden_layers": settings.num_layers,
        "num_attention_heads": settings.num_heads,
        "num_key_value_heads": settings.num_kv_heads,
        "head_dim": settings.head_dim,
        "hidden_act": write_activation(settings.activation),
        "max_position_embeddings": settings.max_positions,
        **write_rope(settings),
        "rms_norm_eps": settings.norm_eps,
        "tie_word_embeddings": settings.tie_embeddings,
        "attention_dropout": 0.0,
        "use_cache": True,
    }


def read_activation(name: str) -> Activation:
    """Our name of an activation.

    Raises:
        ConfigError: it is not known.
    """
    if name not in ACTIVATIONS:
        raise ConfigError(
            f"config.json names the activation {name!r}, which is not known here",
            hint=f"known activations: {', '.join(ACTIVATIONS)}",
        )
    return ACTIVATIONS[name]


def write_activation(activation: Activation) -> str:
    """Hugging Face's name of an activation."""
    return {"gelu_tanh": "gelu_pytorch_tanh", "relu_squared": "relu2"}.get(activation, activation)


def read_rope(config: dict[str, Any], *, share: float = 1.0) -> dict[str, Any]:
    """Settings of rotary embedding, as transformers 5 (rope_parameters) and as older ones (rope_scaling) write them.

    Args:
        config: config.json.
        share: the family's rotated share of a head where the file names none.
    Raises:
        ConfigError: a scaling that is not known.
    """
    newer = config.get("rope_parameters") or {}
    scaling = config.get("rope_scaling") or newer
    return {
        "rope_theta": newer.get("rope_theta") or config.get("rope_theta") or 10_000.0,
        "rotary_share": newer.get("partial_rotary_factor") or config.get("partial_rotary_factor") or share,
        "rope_scaling": _read_scaling(scaling, config),
    }


def write_rope(settings: DecoderSettings) -> dict[str, Any]:
    """The keys that ``read_rope`` reads, both ways: vLLM and llama.cpp's converter read the older ones."""
    scaling = {} if settings.rope_scaling is None else _write_scaling(settings.rope_scaling)
    partial = {} if settings.rotary_share == 1.0 else {"partial_rotary_factor": settings.rotary_share}
    parameters = {"rope_theta": settings.rope_theta, "rope_type": "default"} | scaling | partial
    older = {"rope_scaling": scaling} if scaling else {}
    return {"rope_theta": settings.rope_theta, "rope_parameters": parameters} | older | partial


def windowed_layers(kinds: Sequence[str]) -> tuple[int, ...]:
    """Which layers are windowed, where ``layer_types`` is ``kinds``."""
    return tuple(number for number, kind in enumerate(kinds) if kind == WINDOWED)


def layer_types(settings: DecoderSettings) -> list[str]:
    """The kinds of all layers, which ``windowed_layers`` reads."""
    return [WINDOWED if number in settings.windowed_layers else FULL for number in range(settings.num_layers)]


def refuse(config: dict[str, Any], **unsupported: Any) -> None:
    """Refuse a model that needs what is not here.

    Args:
        config: config.json.
        unsupported: keys of it, each with the one value that is supported; a key that is absent or null has it.
    Raises:
        ConfigError: another value.
    """
    for key, supported in unsupported.items():
        found = config.get(key)
        if found is not None and found != supported:
            raise ConfigError(
                f"config.json of this {config.get('model_type')} has {key} = {found!r}, which is not supported",
                hint=f"models with {key} = {supported!r} open",
            )


def _read_scaling(scaling: dict[str, Any], config: dict[str, Any]) -> RopeScaling | None:
    kind = scaling.get("rope_type") or scaling.get("type") or "default"
    if kind == "default":
        return None
    if kind not in ("linear", "llama3", "yarn"):
        raise ConfigError(
            f"config.json scales rotary embeddings by {kind!r}, which is not known here",
            hint="known scalings: linear, llama3, yarn",
        )
    refuse({"model_type": config.get("model_type")} | scaling, mscale=None, mscale_all_dim=None)
    before = scaling.get("original_max_position_embeddings") or config.get("original_max_position_embeddings")
    before = before or config["max_position_embeddings"]
    return RopeScaling(
        kind=kind,
        factor=scaling.get("factor") or config["max_position_embeddings"] / before,
        original_positions=before,
        low_frequency_factor=scaling.get("low_freq_factor") or 1.0,
        high_frequency_factor=scaling.get("high_freq_factor") or 4.0,
        fast_turns=scaling.get("beta_fast") or 32.0,
        slow_turns=scaling.get("beta_slow") or 1.0,
        rounds_ramp=scaling.get("truncate", True),
        attention_factor=scaling.get("attention_factor"),
    )


def _write_scaling(scaling: RopeScaling) -> dict[str, Any]:
    written: dict[str, Any] = {"rope_type": scaling.kind, "factor": scaling.factor}
    if scaling.kind != "linear":
        written["original_max_position_embeddings"] = scaling.original_positions
    if scaling.kind == "llama3":
        written["low_freq_factor"] = scaling.low_frequency_factor
        written["high_freq_factor"] = scaling.high_frequency_factor
    if scaling.kind == "yarn":
        written |= {"beta_fast": scaling.fast_turns, "beta_slow": scaling.slow_turns}
        written |= {} if scaling.rounds_ramp else {"truncate": False}
        written |= {} if scaling.attention_factor is None else {"attention_factor": scaling.attention_factor}
    return written
