"""What is unusual about a decoder: other programs know few shapes, and must not be given one that they misread."""

from __future__ import annotations

from typing import Any

from samovar.model.settings import DecoderSettings

SIZES = {"family", "head_dim", "max_positions", "rope_theta", "rope_scaling", "norm_eps", "tie_embeddings"}
"""Settings with a default that every program takes as a number or a choice of its own."""


def unusual(settings: DecoderSettings) -> dict[str, Any]:
    """The settings in which a decoder differs from Qwen3, sizes apart: empty for our own models."""
    found = {}
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if not field.is_required() and name not in SIZES and value != field.default:
            found[name] = value
    window = found.get("window")
    if window is not None and (not found.get("windowed_layers") or window >= settings.max_positions):
        found.pop("window")
        found.pop("windowed_layers", None)
    return found


def described(found: dict[str, Any]) -> str:
    """For a message."""
    return ", ".join(f"{name} {value!r}" for name, value in found.items())
