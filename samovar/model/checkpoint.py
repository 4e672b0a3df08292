"""A model on disk is a Hugging Face folder: config.json, safetensors, the tokenizer's files."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, Protocol, cast

import torch
from pydantic import ValidationError
from torch import Tensor

from samovar.core.errors import ConfigError, CorruptError, ResourceError
from samovar.core.files import naming_os_errors, read_config_file, read_json, write_json
from samovar.core.memory import free_memory
from samovar.core.plugins import module_names
from samovar.core.progress import short_bytes
from samovar.model import families
from samovar.model.card import copy_card
from samovar.model.decoder import Decoder
from samovar.model.layout import Layout
from samovar.model.nf4 import nf4_state, prepare_nf4
from samovar.model.nf4_folder import from_bitsandbytes, has_nf4, keeps_float32, to_bitsandbytes
from samovar.model.quantization_config import prepare, write_config
from samovar.model.quantized import is_quantized
from samovar.model.settings import DecoderSettings
from samovar.model.shards import (
    LARGEST_FILE,
    read_headers,
    read_weights,
    weight_files,
    write_sharded,
)
from samovar.model.sizes import NF4_BITS

__all__ = [
    "Family",
    "Outline",
    "check_fit",
    "check_room",
    "copy_companions",
    "family",
    "family_names",
    "load_model",
    "outline",
    "read_config",
    "read_settings",
    "save_model",
]

CONFIG = "config.json"
GENERATION = "generation_config.json"
SAMPLING: dict[str, Any] = {"do_sample": True, "temperature": 0.7}
"""What generation_config.json says of sampling where nobody said anything else."""
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "special_tokens_map.json",
    "added_tokens.json",
    # What older programs read in place of tokenizer.json.
    "tokenizer.model",
    "vocab.json",
    "merges.txt",
)
TOKEN_IDS = ("bos_token_id", "eos_token_id", "pad_token_id")


class Family(Protocol):
    """A module under ``families``."""

    def from_hf_config(self, config: dict[str, Any]) -> DecoderSettings:
        """The shape that ``config.json`` describes."""
        ...

    def to_hf_config(self, settings: DecoderSettings) -> dict[str, Any]:
        """``config.json`` for a decoder of this shape, without token ids."""
        ...

    def layout(self, settings: DecoderSettings) -> Layout:
        """How a checkpoint of it names and stores our parameters."""
        ...


def family_names() -> list[str]:
    """The model types that can be opened: a file under ``families`` each."""
    return module_names(families.__name__)


def family(name: str) -> Family:
    """The family of this ``model_type``.

    Raises:
        ConfigError: it is not known.
    """
    if name not in family_names():
        raise ConfigError(
            f"the model family {name!r} is not known here", hint=f"known families: {', '.join(family_names())}"
        )
    module: ModuleType = importlib.import_module(f"{families.__name__}.{name}")
    return cast(Family, module)


def load_model(
    folder: Path, *, dtype: torch.dtype | None = None, weight_bits: int = 16, allow_pickle: bool = False
) -> Decoder:
    """Open the model in ``folder``, in evaluation mode. All of it is checked before the first tensor is read.

    Args:
        folder: a Hugging Face folder.
        dtype: of the weights; None keeps what is stored.
        weight_bits: 4 rounds the matrices of the layers to NF4, one after the other as they are read.
        allow_pickle: whether weights in pickles (pytorch_model.bin) are opened; torch then runs none of their code,
            but has to be trusted with that.
    Raises:
        MissingError: a file is not there.
        CorruptError: config or weights are damaged or do not fit each other.
        ConfigError: the family is unknown, or needs what is not here; weights are pickles.
        ResourceError: the weights do not fit into memory.
    """
    model, layout, files, found = outline(folder, allow_pickle=allow_pickle)
    in_four_bits = prepare_nf4(model) if weight_bits == 4 else set()
    check_room(folder, found, dtype, in_four_bits)
    state: dict[str, Tensor] = {}
    for path in files:
        for name, tensor in from_bitsandbytes(layout.to_ours(read_weights(path), model.settings)).items():
            if name in in_four_bits:
                state |= nf4_state(name, tensor)
                continue
            # Copied into aligned memory: torch's int8 kernel crashes on what a file's offsets leave off 16 bytes.
            wanted = _type_of(name, tensor, dtype)
            state[name] = tensor.to(wanted, copy=True, memory_format=torch.contiguous_format)
    model.load_state_dict(state, strict=True, assign=True)
    model.folder = folder
    if dtype is not None and not has_nf4(model):  # the sizes of its blocks stay float32
        model.to(dtype)
    return model.eval().requires_grad_(False)


class Outline(NamedTuple):
    """A stored model whose weights are not read yet, but known to fit."""

    model: Decoder
    """On the meta device, its maps in the forms in which they are stored."""
    layout: Layout
    files: list[Path]
    """Of the weights."""
    found: dict[str, Tensor]
    """What they hold, by our names, without contents."""


def outline(folder: Path, *, allow_pickle: bool = False) -> Outline:
    """What ``folder`` says of its model.

    Raises:
        MissingError, CorruptError, ConfigError: as ``load_model``.
    """
    config, settings = read_config(folder), read_settings(folder)
    layout = family(config["model_type"]).layout(settings)
    files = weight_files(folder, allow_pickle=allow_pickle)
    with torch.device("meta"):
        model = Decoder(settings)
    if "quantization_config" in config:
        prepare(model, config["quantization_config"], layout)
    found = from_bitsandbytes(layout.to_ours(read_headers(files), settings))
    check_fit(folder, model, found)
    return Outline(model, layout, files, found)


def read_settings(folder: Path) -> DecoderSettings:
    """The shape of the model in ``folder``.

    Raises:
        MissingError: there is no config.json.
        CorruptError: it describes no model.
        ConfigError: the family is unknown, or needs what is not here.
    """
    config = read_config(folder)
    name = config.get("model_type")
    if name not in family_names():
        raise ConfigError(
            f"{folder} is of the model family {name!r}, which is not known here",
            hint=f"known families: {', '.join(family_names())}",
        )
    try:
        return family(str(name)).from_hf_config(config)
    except (KeyError, TypeError, ValidationError) as error:
        raise CorruptError(f"{folder / CONFIG} does not describe a model: {error}", hint="make it again") from error


def save_model(
    model: Decoder,
    folder: Path,
    *,
    tokenizer_folder: Path | None = None,
    dtype: torch.dtype | None = None,
    largest_file: int = LARGEST_FILE,
) -> None:
    """Write ``model`` to ``folder``, as the family that it is of, so that transformers opens it unchanged.

    Args:
        model: the decoder.
        folder: made when absent; files of the same names are replaced, each atomically.
        tokenizer_folder: whose tokenizer files, and card with its licence, are copied beside the weights.
        dtype: of the stored floating-point weights; None keeps the model's.
        largest_file: bytes; larger weights are written as several files with an index.
    Raises:
        ConfigError: its family cannot say what the model is.
    """
    its_family = family(model.settings.family)
    _check_said(its_family, model.settings)
    with naming_os_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    if tokenizer_folder is not None:
        copy_companions(tokenizer_folder, folder)
    layout = its_family.layout(model.settings)
    quantization = {"quantization_config": write_config(model, layout)} if is_quantized(model) else {}
    state = {
        name: tensor.detach().to(_type_of(name, tensor, dtype)).contiguous().cpu()
        for name, tensor in layout.to_theirs(to_bitsandbytes(model, model.state_dict()), model.settings).items()
    }
    stored = next(
        tensor.dtype for name, tensor in state.items() if tensor.is_floating_point() and not keeps_float32(name)
    )
    config = its_family.to_hf_config(model.settings) | {"dtype": str(stored).removeprefix("torch.")}
    config |= _token_ids(folder, tokenizer_folder) | quantization
    write_sharded(state, folder, largest_file=largest_file)
    write_json(folder / CONFIG, config)
    ids = {key: config[key] for key in ("eos_token_id", "pad_token_id") if key in config}
    write_json(folder / GENERATION, SAMPLING | ids)


def copy_companions(source: Path, folder: Path) -> None:
    """Take along what a model in ``source`` has beside its weights: its tokenizer's files, its card and its licence.

    ``folder`` is made when absent.
    """
    if source.resolve() == folder.resolve():
        return
    with naming_os_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name in TOKENIZER_FILES:
            if (source / name).is_file():
                shutil.copyfile(source / name, folder / name)
        copy_card(source, folder)


def _type_of(name: str, tensor: Tensor, dtype: torch.dtype | None) -> torch.dtype:
    """The type of a tensor, loaded or stored, when floats are to be ``dtype``."""
    return dtype if dtype and tensor.is_floating_point() and not keeps_float32(name) else tensor.dtype


def check_room(
    folder: Path, found: Mapping[str, Tensor], dtype: torch.dtype | None, in_four_bits: Collection[str] = ()
) -> None:
    """Refuse weights that the memory cannot hold: the system would kill the process without a word.

    Counted is what stands there when all is read; pages of the files are given up as soon as memory is wanted.

    Args:
        folder: of the model.
        found: its tensors, without their contents, by our names.
        dtype: that floats are read as; None keeps theirs.
        in_four_bits: names of those that are rounded to NF4.
    Raises:
        ResourceError: they are more than is free.
    """

    def size(name: str, tensor: Tensor) -> float:
        each = NF4_BITS / 8 if name in in_four_bits else _type_of(name, tensor, dtype).itemsize
        return each * tensor.numel()

    stored = sum(tensor.nbytes for tensor in found.values())
    needed = sum(size(name, tensor) for name, tensor in found.items())
    free = free_memory(counts_swap=True)
    if needed <= free:
        return
    form = "in four bits" if in_four_bits else "as they are stored" if dtype is None else f"in {_short(dtype)}"
    where = "here" if stored <= free else "where there is more memory"
    raise ResourceError(
        f"the weights in {folder} need {short_bytes(needed)} of memory {form}, and {short_bytes(free)} are free",
        hint="close other programs, or make the model smaller: `samovar quantize` (int8, int4) takes "
        f"{short_bytes(stored)}, {where}; to train it, an adapter with base_bits: 4 needs least (`samovar plan` tells)",
    )


def _check_said(its_family: Family, settings: DecoderSettings) -> None:
    """Refuse to write a config.json that would be read as another model."""
    said = its_family.from_hf_config(its_family.to_hf_config(settings)).model_dump()
    lost = [name for name, value in settings.model_dump().items() if said[name] != value]
    if lost:
        raise ConfigError(
            f"config.json of {settings.family!r} cannot say {lost[0]} = {getattr(settings, lost[0])!r}",
            hint="choose a family that has it (docs/families.md), or leave it at its default",
        )


def read_config(folder: Path) -> dict[str, Any]:
    """``config.json`` of the model in ``folder``.

    Raises:
        MissingError: it is not there.
        CorruptError: it is not a JSON object.
    """
    hint = "give the folder of a model, or brew one with `samovar brew DIR`"
    return read_config_file(folder / CONFIG, of="model", hint=hint, again="make it again")


def check_fit(folder: Path, model: torch.nn.Module, found: dict[str, Tensor]) -> None:
    """Compare shapes and types of what is stored with what the model has.

    Raises:
        CorruptError: the first that differs, and how many do.
    """
    expected = model.state_dict()
    shapes = {name: tuple(tensor.shape) for name, tensor in expected.items()}
    stored = {name: tuple(tensor.shape) for name, tensor in found.items()}
    wrong = sorted(name for name in shapes.keys() | stored.keys() if shapes.get(name) != stored.get(name))
    if wrong:
        name = wrong[0]
        raise CorruptError(
            f"the weights in {folder} do not fit {CONFIG}: {name} is {stored.get(name, 'missing')}, "
            f"expected {shapes.get(name, 'nothing')} ({len(wrong)} tensors differ)",
            hint="the two are of different models: copy or make the folder again",
        )
    for name, tensor in found.items():
        if not _fits(tensor.dtype, expected[name].dtype):
            raise CorruptError(
                f"the weights in {folder} do not fit {CONFIG}: {name} is of type {_short(tensor.dtype)}, expected "
                f"{_short(expected[name].dtype)}",
                hint="take the weights in float32, float16 or bfloat16, or quantized by `samovar quantize`",
            )


def _fits(stored: torch.dtype, expected: torch.dtype) -> bool:
    if expected.is_floating_point:
        return stored in (torch.float64, torch.float32, torch.float16, torch.bfloat16)
    return stored == expected


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _token_ids(folder: Path, source: Path | None) -> dict[str, Any]:
    """The ids that config.json names: those that an imported model answers by, of our own special tokens, or as it was.

    An imported model's generation_config.json names every token that ends an answer.
    """
    said = read_json(source / GENERATION) if source is not None and (source / GENERATION).is_file() else {}
    if isinstance(said.get("eos_token_id"), list):
        return {key: said[key] for key in TOKEN_IDS if key in said}
    if (folder / "tokenizer.json").is_file():
        added = read_json(folder / "tokenizer.json").get("added_tokens", [])
        ids = {token["content"]: token["id"] for token in added}
        if "<|im_end|>" in ids:
            return {"eos_token_id": ids["<|im_end|>"], "pad_token_id": ids.get("<|endoftext|>"), "bos_token_id": None}
    if source is not None and (source / CONFIG).is_file():
        config = read_config(source)
        return {key: config[key] for key in TOKEN_IDS if key in config}
    return {}
