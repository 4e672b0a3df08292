"""A model's folder with weights of few bits, out of one without, and what that costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from samovar.core.errors import ConfigError
from samovar.engine.quantizer import Measured, Quantizer
from samovar.engine.settings import Form
from samovar.model.checkpoint import load_model, save_model
from samovar.model.decoder import Decoder
from samovar.model.quantized import is_quantized, quantized_maps
from samovar.model.shards import weight_bytes


def quantize_folder(source: Path, out: Path, *, form: Form = "int8", **options: Any) -> dict[str, Any]:
    """Write the model in ``source`` to ``out`` with weights of ``form``; the rest is stored in bfloat16.

    Args:
        source: a model folder.
        out: another one.
        form: of the weights.
        options: of ``Quantizer``.
    Returns:
        the form that was kept, bytes of the weights before and after, the root mean square error of the weights
        relative to theirs, and what was measured of every form tried.
    Raises:
        ConfigError: it is quantized already, ``out`` is ``source``, or the form cannot be made.
    """
    if source.resolve() == out.resolve():
        raise ConfigError(f"{out} is the model itself", hint="name another folder for the quantized model")
    model = load_model(source)
    if is_quantized(model):
        raise ConfigError(f"{source} is quantized already", hint="name the folder of the model before quantization")
    quantizer = Quantizer(model, **options)
    quantized, kept = quantizer.make(form)
    save_model(quantized, out, tokenizer_folder=source, dtype=torch.bfloat16)
    metrics: dict[str, Any] = {
        "form": kept.form,
        "source_bytes": weight_bytes(source),
        "weight_bytes": weight_bytes(out),
        "forms": [_said(one) | {"is_kept": one is kept} for one in quantizer.table],
    }
    if kept.form != "int4-awq":  # which moves sizes from map to map, so that maps cannot be compared
        metrics["relative_error"] = round(_relative_error(model, quantized), 6)
    if quantizer.before is not None and kept.losses is not None and kept.increase is not None:
        metrics |= {
            "bits_per_byte": round(kept.losses.documents, 4),
            "bits_per_byte_before": round(quantizer.before.documents, 4),
            "bits_per_byte_change": round(kept.losses.documents / quantizer.before.documents - 1.0, 5),
        }
        if kept.losses.answers is not None and quantizer.before.answers is not None:
            metrics |= {
                "answer_bits_per_byte": round(kept.losses.answers, 5),
                "answer_bits_per_byte_before": round(quantizer.before.answers, 5),
            }
    return metrics


def _said(measured: Measured) -> dict[str, Any]:
    """A form as the manifest has it."""
    losses = None if measured.is_estimate else measured.losses  # of another text than the others'
    return {
        "form": measured.form,
        "size_bytes": measured.size_bytes,
        "bits_per_byte": None if losses is None else losses.documents,
        "answer_bits_per_byte": None if losses is None else losses.answers,
        "increase": measured.increase,
        "maps_in_int8": measured.maps_in_int8,
        "is_estimate": measured.is_estimate,
    }


def _relative_error(model: Decoder, quantized: Decoder) -> float:
    wrong = total = 0.0
    weights = dict(model.named_parameters())
    for name, module in quantized_maps(quantized).items():
        weight = weights[f"{name}.weight"].detach().float()
        wrong += float((module.dequantize() - weight).square().sum())
        total += float(weight.square().sum())
    return (wrong / total) ** 0.5 if total else 0.0
