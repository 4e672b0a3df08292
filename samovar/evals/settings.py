"""Settings of the evaluation."""

from __future__ import annotations

from pydantic import Field

from samovar.core.settings import Settings


class EvalSettings(Settings):
    """What is measured, on how much."""

    examples: int = Field(100, ge=1)
    """Held-out questions for each task and language."""
    temperature: float = Field(0.0, ge=0, le=2)
    """Sampling temperature of the answers; 0 takes the likeliest token each time."""
    max_tokens: int = Field(192, ge=1)
    """Longest answer, in tokens."""
    seed: int = 0
    """Of the questions drawn, and of sampling where the temperature is above 0."""
    batch: int = Field(32, ge=1)
    """Answers generated side by side."""
    wrong_kept: int = Field(8, ge=0)
    """Wrong answers kept for each task and language."""
    text_bytes: int = Field(400_000, ge=1)
    """Held-out text that bits per byte are measured on, at most, in bytes."""
    stride: int | None = Field(None, ge=1)
    """Tokens that each window adds in the measurement of bits per byte; by default half of the context."""
    continuations: int = Field(3, ge=0)
    """Beginnings of held-out documents that the base model goes on with, for the report."""
    prompts: list[str] = []
    """Questions of your own, whose answers the report shows beside the usual ones."""
