"""A Hugging Face folder, as transformers, vLLM and llama.cpp's converter open it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from samovar.core.whole_folder import folder_facts, whole_folder
from samovar.engine.export.parity import compare_model, load_plain, transcripts
from samovar.model.checkpoint import load_model, save_model
from samovar.model.quantized import dequantize_model, is_quantized
from samovar.tokenizer.tokenizer import Tokenizer

TOLERANCE = 1e-5
"""The same weights in the same code: what differs at all differs by how a kernel was threaded."""


def export(source: Path, out: Path) -> dict[str, Any]:
    """Write the model in ``source`` to ``out``: weights, configuration, tokenizer and chat template.

    Int8 weights are multiplied out to float32, exactly.

    Returns:
        names of the files, their bytes, and the parity.
    Raises:
        ConfigError: ``out`` holds something already.
        CorruptError: what was written does not answer as the model does.
    """
    tokenizer = Tokenizer.load(source)
    with whole_folder(out) as folder:
        model = load_model(source)
        save_model(dequantize_model(model) if is_quantized(model) else model, folder, tokenizer_folder=source)
        reference = transcripts(load_plain(source), tokenizer)
        parity = compare_model(reference, load_plain(folder), Tokenizer.load(folder), share=TOLERANCE)
        return {**folder_facts(folder), "parity": parity}
