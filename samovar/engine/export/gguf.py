"""A GGUF file, as llama.cpp and all that is built on it open it.

Axes: O outputs, I inputs of a matrix, B blocks of a row, Q numbers of a block.

Matrices are written in the type that was asked for, vectors in float32. Q8_0 keeps blocks of 32 numbers of a row as
whole numbers from -127 to 127 under a float16 scale. Weights that are int8 already, with a scale a row, become Q8_0
without being rounded again: every block gets the scale of its row, wherever float16 has it exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import torch
from torch import Tensor

from samovar.core.errors import ConfigError, CorruptError
from samovar.core.extras import require
from samovar.core.whole_folder import folder_facts, whole_folder
from samovar.engine.export.gguf_header import (
    LlamaCppShape,
    llama_cpp_shape,
    tensor_name,
    turned,
    write_shape,
    write_terms,
    write_tokenizer,
)
from samovar.engine.export.parity import SAME_CODE, compare_model, decoder_of, load_plain, transcripts
from samovar.engine.export.vocabulary import read_vocabulary
from samovar.model.card import copy_card, read_card
from samovar.model.checkpoint import load_model
from samovar.model.decoder import Decoder
from samovar.tokenizer.tokenizer import Tokenizer

WeightType = Literal["f16", "q8_0", "bf16", "f32"]
TYPES: tuple[str, ...] = get_args(WeightType)

BLOCK = 32
TOLERANCES: dict[str, float] = {"f32": SAME_CODE, "f16": 0.01, "bf16": 0.1, "q8_0": 0.1}
"""How far rounding to the type may move the logits, as a share of their standard deviation; see ``parity``."""
ROUNDING = {"F32": 0.0, "F16": 2.0**-11, "BF16": 2.0**-8, "Q8_0": 2.0**-11}
"""How far a number of the type may be from what it stands for, as a share of it; of Q8_0, its scale."""
SMALLEST_SCALE = 2.0**-14
"""Below this float16 loses digits."""


class OutTensor(NamedTuple):
    """A decoder's tensor as llama.cpp wants it."""

    name: str
    weight: Tensor
    """Whole numbers where there is a scale."""
    scale_O1: Tensor | None


def export(source: Path, out: Path, *, weight_type: WeightType = "f16", name: str = "model") -> dict[str, Any]:
    """Write the model in ``source`` as one file ``<name>-<weight_type>.gguf`` into ``out``, its card beside it.

    The file is read back: every number must be within its type's rounding of the model's, and the model made of them
    must answer as the model does.

    Returns:
        names of the files, their bytes, the architecture's name and the parity.
    Raises:
        ConfigError: ``out`` holds something already, or llama.cpp has no such shape or tokenizer.
        CorruptError: what was written is not the model.
        MissingError: the package gguf is not installed.
    """
    require("gguf", extra="gguf")
    tokenizer, model = Tokenizer.load(source), load_model(source)
    shape = llama_cpp_shape(model.settings)
    with whole_folder(out) as folder:
        path = folder / f"{name}-{weight_type}.gguf"
        _write(path, model, shape, source, weight_type)
        copy_card(source, folder)
        plain = load_plain(source)
        rebuilt = decoder_of(model.settings, read_back(path, plain, shape))
        parity = compare_model(transcripts(plain, tokenizer), rebuilt, tokenizer, share=TOLERANCES[weight_type])
        return {**folder_facts(folder), "architecture": shape.architecture, "parity": parity}


def read_back(path: Path, plain: Decoder, shape: LlamaCppShape) -> dict[str, Tensor]:
    """The decoder's weights out of the file at ``path``, in float32.

    Args:
        path: of the file.
        plain: the model that was written, in float32.
        shape: under which it was written.
    Raises:
        CorruptError: a tensor is missing, or further from the model's than its type's rounding.
    """
    gguf = require("gguf", extra="gguf")
    found = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}
    state = {}
    for name, expected in plain.state_dict().items():
        stored = found.get(tensor_name(name))
        if stored is None:
            raise CorruptError(f"{path.name} has no tensor {tensor_name(name)}", hint="check the disk and export again")
        numbers = np.array(gguf.dequantize(stored.data, stored.tensor_type), dtype=np.float32)
        weight = torch.from_numpy(numbers).reshape(expected.shape)
        heads = _heads(name, shape)
        state[name] = turned(weight, heads, back=True) if heads else weight
        _check_rounding(path, name, expected, state[name], stored.tensor_type.name)
    return state


def _write(path: Path, model: Decoder, shape: LlamaCppShape, source: Path, weight_type: WeightType) -> None:
    """The whole file. Only one tensor at a time is held in its new type."""
    gguf = require("gguf", extra="gguf")
    writer = gguf.GGUFWriter(path, shape.architecture)
    try:
        tokenizer = Tokenizer.load(source)
        writer.add_name(path.stem)
        write_terms(writer, read_card(source))
        write_shape(writer, model.settings, shape)
        write_tokenizer(writer, read_vocabulary(source, tokenizer), tokenizer, num_rows=model.settings.vocab_size)
        writer.add_file_type(gguf.LlamaFileType["ALL_F32" if weight_type == "f32" else f"MOSTLY_{weight_type.upper()}"])
        writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
        for tensor in _tensors(model, shape):
            kind = _kind(tensor, weight_type)
            size_bytes = _size_bytes(tensor.weight, kind)
            writer.add_tensor_info(tensor.name, tensor.weight.shape, np.float32, size_bytes, raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for tensor in _tensors(model, shape):
            writer.write_tensor_data(_encoded(tensor, _kind(tensor, weight_type)))
    finally:
        writer.close()


def _tensors(model: Decoder, shape: LlamaCppShape) -> Iterator[OutTensor]:
    state = model.state_dict()
    for name, weight in state.items():
        if not name.endswith("_scale"):
            scale_O1 = state.get(f"{name}_scale")
            if heads := _heads(name, shape):
                weight = turned(weight, heads)
                scale_O1 = None if scale_O1 is None else turned(scale_O1, heads)
            yield OutTensor(tensor_name(name), weight.cpu(), scale_O1)
    if shape.rope_factor_R is not None:
        yield OutTensor("rope_freqs.weight", shape.rope_factor_R, None)


def _heads(name: str, shape: LlamaCppShape) -> int:
    """Heads of a map whose rows change places; 0: they do not."""
    parts = name.split(".")
    return shape.turned_heads.get(parts[-2], 0) if len(parts) > 1 else 0


def _kind(tensor: OutTensor, weight_type: str) -> Any:
    """The type of a tensor: vectors stay exact, and rows that are no whole blocks cannot be Q8_0."""
    kinds = require("gguf", extra="gguf").GGMLQuantizationType
    if tensor.weight.ndim == 1:
        return kinds.F32
    if weight_type == "q8_0" and tensor.weight.shape[-1] % BLOCK:
        return kinds.F16
    return kinds[weight_type.upper()]


def _size_bytes(weight: Tensor, kind: Any) -> int:
    numbers, size_bytes = require("gguf", extra="gguf").GGML_QUANT_SIZES[kind]
    return weight.numel() // numbers * size_bytes


def _encoded(tensor: OutTensor, kind: Any) -> np.ndarray:
    """The bytes of a tensor in its new type."""
    gguf = require("gguf", extra="gguf")
    if tensor.scale_O1 is not None and kind.name == "Q8_0" and _is_float16(tensor.scale_O1):
        return _blocks_of(tensor.weight, tensor.scale_O1)
    weight = tensor.weight.float() if tensor.scale_O1 is None else tensor.weight.float() * tensor.scale_O1.float()
    if kind.name == "F16" and float(weight.abs().max()) > torch.finfo(torch.float16).max:
        raise ConfigError(
            f"{tensor.name} has a number of {float(weight.abs().max()):.3g}, which float16 cannot hold",
            hint="take --type bf16 or f32",
        )
    return gguf.quantize(weight.contiguous().numpy(), kind)


def _is_float16(scale_O1: Tensor) -> bool:
    scale = scale_O1.float()
    return bool((scale.half().float() == scale).all() and (scale.abs() >= SMALLEST_SCALE).all())


def _blocks_of(weight_OI: Tensor, scale_O1: Tensor) -> np.ndarray:
    """Q8_0 of whole numbers that have a scale a row: float16 scale, 32 numbers, scale, 32 numbers, …"""
    rows, width = weight_OI.shape
    scale_OB2 = scale_O1.half().numpy().view(np.uint8).reshape(rows, 1, 2).repeat(width // BLOCK, axis=1)
    number_OBQ = weight_OI.numpy().view(np.uint8).reshape(rows, width // BLOCK, BLOCK)
    return np.concatenate([scale_OB2, number_OBQ], axis=-1).reshape(rows, -1)


def _check_rounding(path: Path, name: str, expected: Tensor, found: Tensor, kind: str) -> None:
    """No number may be further off than its type rounds: in Q8_0 half a step of its block, and the scale's rounding."""
    wanted = expected.float()
    allowed = wanted.abs() * ROUNDING[kind] + 2.0**-25 * (kind == "F16")
    if kind == "Q8_0":
        step = wanted.reshape(*wanted.shape[:-1], -1, BLOCK).abs().amax(-1) / 127
        allowed = allowed + (step * 0.501 + 127 * 2.0**-25).repeat_interleave(BLOCK, dim=-1)
    excess = float(((found - wanted).abs() - allowed).max())
    if not excess <= 0:
        raise CorruptError(
            f"{path.name} holds a wrong {name}: a number is off by {excess:.3g} more than {kind} rounds",
            hint="nothing was kept; check the disk and export again",
        )
