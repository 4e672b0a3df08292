"""A Hugging Face folder brought into OpenVINO's format by optimum, its weights rounded by nncf.

Nothing of Samovar's library is imported, so that it can run in an environment of its own.
"""

from __future__ import annotations

from typing import Any

from optimum.intel import OVModelForCausalLM, OVWeightQuantizationConfig

_ROUNDED: dict[int, dict[str, Any]] = {
    8: {"bits": 8, "sym": False},
    4: {"bits": 4, "sym": True, "group_size": 32, "ratio": 1.0},
}
"""Bits of a weight -> what nncf is asked: a scale and a zero a row; a scale for 32 inputs, as in our int4 and Q4_0."""


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Write the model of ``job["source"]`` to ``job["out"]``; with 16 bits the weights stay as they are."""
    asked = _ROUNDED.get(job["bits"])
    rounding = None if asked is None else OVWeightQuantizationConfig(**asked)
    model = OVModelForCausalLM.from_pretrained(
        job["source"],
        export=True,
        compile=False,
        load_in_8bit=False if rounding is None else None,
        quantization_config=rounding,
    )
    model.save_pretrained(job["out"])
    return {}
