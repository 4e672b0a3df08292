"""Qwen 2 and 2.5: LLaMA's shape, with biases on queries, keys and values.

Source: Yang et al. 2024, arXiv:2407.10671.
"""

from __future__ import annotations

from typing import Any

from samovar.model.hf_config import FULL, WINDOWED, layer_types, read_common, windowed_layers, write_common
from samovar.model.layout import Layout
from samovar.model.settings import DecoderSettings


def from_hf_config(config: dict[str, Any]) -> DecoderSettings:
    """The shape that ``config.json`` describes."""
    return DecoderSettings(**read_common(config), **read_windows(config), attention_bias=True)


def to_hf_config(settings: DecoderSettings) -> dict[str, Any]:
    """``config.json`` for a decoder of this shape, without token ids."""
    return write_common(settings, "Qwen2ForCausalLM") | write_windows(settings)


def layout(settings: DecoderSettings) -> Layout:
    """The names are ours."""
    return Layout()


def read_windows(config: dict[str, Any]) -> dict[str, Any]:
    """The window and its layers: those named, or all from ``max_window_layers`` on."""
    if not config.get("use_sliding_window") or not config.get("sliding_window"):
        return {}
    first = config.get("max_window_layers", 28)
    kinds = config.get("layer_types") or [WINDOWED if n >= first else FULL for n in range(config["num_hidden_layers"])]
    layers = windowed_layers(kinds)
    return {"window": config["sliding_window"], "windowed_layers": layers} if layers else {}


def write_windows(settings: DecoderSettings) -> dict[str, Any]:
    """The keys that ``read_windows`` reads."""
    if not settings.windowed_layers:
        return {"use_sliding_window": False}
    return {
        "use_sliding_window": True,
        "sliding_window": settings.window,
        "max_window_layers": min(settings.windowed_layers),
        "layer_types": layer_types(settings),
    }
