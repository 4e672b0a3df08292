"""A model folder for other people's tools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from samovar.core.errors import ConfigError, CorruptError
from samovar.core.files import naming_os_errors
from samovar.model.checkpoint import WEIGHTS, load_model, save_model
from samovar.model.decoder import Decoder
from samovar.model.quantized import dequantize_model, is_quantized
from samovar.tokenizer.tokenizer import Tokenizer

# The same weights in the same code: what differs at all differs by how a kernel was threaded.
TOLERANCE = 1e-5


def export_hf(source: Path, out: Path) -> dict[str, Any]:
    """Write the model in ``source`` to ``out`` as transformers, vLLM and llama.cpp's converter open it.

    Int8 weights are multiplied out to float32, exactly. What was written is read back and compared.

    Returns:
        the names of the files, bytes of the weights, and the largest difference of a logit between the model and what
        was written.
    Raises:
        ConfigError: ``out`` holds something already.
        CorruptError: what was written does not give the model's logits.
    """
    with naming_os_errors(out):
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise ConfigError(f"{out} is not empty", hint="name a new folder, or empty this one yourself")
    Tokenizer.load(source)
    model = load_model(source)
    if is_quantized(model):
        model = dequantize_model(model)
    save_model(model, out, tokenizer_folder=source)
    Tokenizer.load(out)
    difference = largest_difference(model, load_model(out))
    if not difference <= TOLERANCE:
        raise CorruptError(
            f"{out} does not answer as {source} does: a logit differs by {difference:g}",
            hint=f"delete {out}, check the disk, and export again",
        )
    return {
        "files": sorted(path.name for path in out.iterdir()),
        "weight_bytes": (out / WEIGHTS).stat().st_size,
        "largest_logit_difference": difference,
    }


@torch.inference_mode()
def largest_difference(first: Decoder, second: Decoder) -> float:
    """The largest difference of any logit over two rows of random tokens."""
    length = min(64, first.settings.max_positions)
    generator = torch.Generator().manual_seed(0)
    token_BT = torch.randint(first.settings.vocab_size, (2, length), generator=generator)
    return float((first(token_BT).float() - second(token_BT).float()).abs().max())
