"""Settings of the quantization."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from samovar.core.settings import Settings

Form = Literal["int8", "int8-dynamic", "int4", "int4-nearest", "int4-gptq", "int4-awq", "nf4", "mixed", "auto"]

CANDIDATES: dict[Form, tuple[Form, ...]] = {
    "int4": ("int4-nearest", "int4-gptq", "int4-awq"),
    "mixed": ("int4-nearest", "int4-gptq", "mixed"),
    "auto": ("int8", "int8-dynamic", "nf4", "int4-nearest", "int4-gptq", "int4-awq", "mixed"),
}
"""What is tried for a form that is chosen by measuring; any other is what it says."""
READS_TEXT: frozenset[Form] = frozenset({"int4-gptq", "int4-awq", *CANDIDATES})
"""Forms that are rounded, or chosen, by what the model does with text."""


def _share(value: Any) -> Any:
    """A share of one out of "0.5%"."""
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            return float(value.strip()[:-1]) / 100
        except ValueError:
            return value
    return value


class QuantizeSettings(Settings):
    """How the weights are made smaller, and on what the loss of quality is measured."""

    RENAMED: ClassVar[dict[str, str]] = {"bits": "write form (bits: 8 is form: int8, bits: 4 is form: int4)"}

    form: Form = "int8"
    """Of the weights. int8: rows of whole numbers under a scale each; int8-dynamic: activations so too; int4: groups of
    inputs, rounded to the nearest, by GPTQ or by AWQ on the project's own text, whichever loses least; nf4: the levels
    of a normal distribution; mixed: int4, and int8 where that does most harm; auto: the smallest within
    max_bpb_increase."""
    max_bpb_increase: Annotated[float, BeforeValidator(_share)] = Field(0.005, ge=0)
    """By what share bits per byte may rise, of documents and of answers (auto, mixed): 0.005, or as text '0.5%'."""
    group_size: Literal[32, 64, 128] = 32
    """Inputs that share a scale (int4)."""
    calibration_tokens: int = Field(32_768, ge=1)
    """Text that int4 is rounded on, in tokens: half of documents and half of conversations, where there are both."""
    text_bytes: int = Field(100_000, ge=1)
    """Held-out documents that the change in bits per byte is measured on, at most, in bytes; of answers a tenth."""
    decode_tokens: int = Field(64, ge=1)
    """Tokens decoded to measure the speed, in tokens."""
