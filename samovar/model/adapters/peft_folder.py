"""An adapter on disk, in PEFT's format: adapter_config.json and adapter_model.safetensors.

What it was trained on stands in the header of the weights: a base model's id, and in how many bits it was held.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError, safe_open
from torch import Tensor

from samovar.core.errors import ConfigError, CorruptError, MissingError
from samovar.core.files import naming_os_errors, write_json
from samovar.model.adapters.base_id import base_id
from samovar.model.adapters.peft_config import CONFIG, make_config, rank_and_scale, read_config
from samovar.model.adapters.peft_names import LowRank, to_theirs
from samovar.model.adapters.settings import AdapterSettings
from samovar.model.card import copy_card
from samovar.model.decoder import Decoder
from samovar.model.shards import write_weights

WEIGHTS = "adapter_model.safetensors"
_BASE_ID, _BASE_BITS = "samovar_base_id", "samovar_base_bits"
_PREFIX = "base_model.model."
_KEY = re.compile(r"base_model\.model\.(?P<module>.+)\.(?P<part>lora_A|lora_B|lora_magnitude_vector)(\.weight)?")


class SavedAdapter(NamedTuple):
    """An adapter as it is on disk, by Hugging Face's names of modules."""

    folder: Path
    parts: dict[str, LowRank]
    base_id: str | None
    """Of the model it was trained on; None when another program wrote it."""
    base_bits: int
    """In which that model was held."""


def save_adapter(model: Decoder, folder: Path, settings: AdapterSettings, *, base: Path) -> None:
    """Write the adapters of ``model`` to ``folder``, so that peft and vLLM open them; the base's card goes along.

    Args:
        folder: made when absent; files of the same names are replaced.
        settings: what ``attach`` was given.
        base: the folder of the model that they stand beside.
    """
    with naming_os_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    parts = to_theirs(model)
    tensors: dict[str, Tensor] = {}
    for name, part in parts.items():
        tensors[f"{_PREFIX}{name}.lora_A.weight"] = part.a_RI
        tensors[f"{_PREFIX}{name}.lora_B.weight"] = part.b_OR
        if part.magnitude_O is not None:
            tensors[f"{_PREFIX}{name}.lora_magnitude_vector"] = part.magnitude_O
    metadata = {_BASE_ID: base_id(base), _BASE_BITS: str(settings.base_bits)}
    tensors = {key: tensor.contiguous().cpu() for key, tensor in tensors.items()}
    write_weights(tensors, folder / WEIGHTS, metadata=metadata)
    write_json(folder / CONFIG, make_config(model, parts, settings, base))
    copy_card(base, folder)


def read_adapter(folder: Path) -> SavedAdapter:
    """The adapter in ``folder``, whoever made it.

    Raises:
        MissingError: there is none.
        CorruptError: its files are damaged, or do not fit each other.
        ConfigError: it needs what is not supported here.
    """
    config = read_config(folder)
    tensors, metadata = _read_weights(folder)
    found: dict[str, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        match = _KEY.fullmatch(key)
        if match is None:
            raise ConfigError(
                f"{folder / WEIGHTS} holds {key}, which is no adapter of a linear map",
                hint="adapters of linear maps (lora_A, lora_B, lora_magnitude_vector) open here",
            )
        found.setdefault(match["module"], {})[match["part"]] = tensor.float()
    parts = {module: _part(folder, module, tensors, config) for module, tensors in found.items()}
    if not parts:
        raise CorruptError(f"{folder / WEIGHTS} holds no adapters", hint="make or copy the adapter again")
    return SavedAdapter(folder, parts, metadata.get(_BASE_ID), int(metadata.get(_BASE_BITS, 16)))


def _read_weights(folder: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors, and what the file's header says of them."""
    path = folder / WEIGHTS
    if not path.is_file():
        pickle = (folder / "adapter_model.bin").is_file()
        raise MissingError(
            f"{folder} has no {WEIGHTS}" + (" but a pickle, which can run any code" if pickle else ""),
            hint="save it as safetensors" if pickle else "make or copy the adapter again",
        )
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except SafetensorError as error:
        raise CorruptError(f"{path} cannot be read: {error}", hint="make or copy the adapter again") from error


def _part(folder: Path, module: str, tensors: dict[str, Tensor], config: dict[str, Any]) -> LowRank:
    """One module's adapter, with the scale that the config says."""
    for name in ("lora_A", "lora_B", *(["lora_magnitude_vector"] if config.get("use_dora") else [])):
        if name not in tensors:
            raise CorruptError(f"{folder / WEIGHTS} has no {name} of {module}", hint="make or copy the adapter again")
    rank, scale = rank_and_scale(config, module)
    a_RI, b_OR = tensors["lora_A"], tensors["lora_B"]
    if a_RI.ndim != 2 or b_OR.ndim != 2 or not a_RI.shape[0] == b_OR.shape[1] == rank:
        raise CorruptError(
            f"{folder / WEIGHTS}: {module} has lora_A {tuple(a_RI.shape)} and lora_B {tuple(b_OR.shape)}, but "
            f"{CONFIG} says rank {rank}",
            hint="the two files are of different adapters: copy both again",
        )
    return LowRank(a_RI, b_OR, tensors.get("lora_magnitude_vector"), scale)
