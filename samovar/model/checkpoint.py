"""A model on disk is a Hugging Face folder: config.json, model.safetensors, the tokenizer's files."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from samovar.core.errors import ConfigError, CorruptError, MissingError
from samovar.core.files import naming_os_errors, read_json, write_json
from samovar.model import families
from samovar.model.decoder import Decoder
from samovar.model.families import qwen3
from samovar.model.quantized import is_quantized, prepare, quantization_config

CONFIG, WEIGHTS = "config.json", "model.safetensors"
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "special_tokens_map.json")


def family_names() -> list[str]:
    """The model types that can be opened: a file under ``families`` each."""
    return sorted(module.name for module in pkgutil.iter_modules(families.__path__))


def load_model(folder: Path, *, dtype: torch.dtype | None = None) -> Decoder:
    """Open the model in ``folder``, in evaluation mode.

    Args:
        folder: a Hugging Face folder.
        dtype: of the weights; None keeps what is stored.
    Raises:
        MissingError: a file is not there.
        CorruptError: config or weights are damaged or do not fit each other.
        ConfigError: the family is unknown.
    """
    config = _read_config(folder)
    family = _family(folder, config)
    try:
        settings = family.from_hf_config(config)
    except (KeyError, ValidationError) as error:
        raise CorruptError(f"{folder / CONFIG} does not describe a model: {error}", hint="make it again") from error
    weights = _read_weights(folder / WEIGHTS)
    with torch.device("meta"):
        model = Decoder(settings)
    if "quantization_config" in config:
        prepare(model, config["quantization_config"])
    # Cloned into aligned memory: torch's int8 kernel crashes on what a file's offsets leave off a 16-byte boundary.
    state = {family.from_hf_name(name): tensor.clone() for name, tensor in weights.items()}
    _check_shapes(folder, model, state)
    model.load_state_dict(state, strict=True, assign=True)
    if dtype is not None:
        model.to(dtype)
    return model.eval().requires_grad_(False)


def save_model(
    model: Decoder,
    folder: Path,
    *,
    tokenizer_folder: Path | None = None,
    dtype: torch.dtype | None = None,
) -> None:
    """Write ``model`` to ``folder`` so that transformers opens it unchanged.

    Args:
        model: the decoder.
        folder: made when absent; files of the same names are replaced, each atomically.
        tokenizer_folder: whose tokenizer files are copied beside the weights.
        dtype: of the stored floating-point weights; None keeps the model's.
    """
    with naming_os_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if tokenizer_folder is not None and tokenizer_folder.resolve() != folder.resolve():
            for name in TOKENIZER_FILES:
                if (tokenizer_folder / name).is_file():
                    shutil.copyfile(tokenizer_folder / name, folder / name)
    state = {
        qwen3.to_hf_name(name): tensor.detach()
        .to(dtype if dtype and tensor.is_floating_point() else tensor.dtype)
        .contiguous()
        .cpu()
        for name, tensor in model.state_dict().items()
    }
    stored = next(tensor.dtype for tensor in state.values() if tensor.is_floating_point())
    config = qwen3.to_hf_config(model.settings) | {"dtype": str(stored).removeprefix("torch.")}
    config |= _token_ids(folder)
    if is_quantized(model):
        config["quantization_config"] = quantization_config()
    write_weights(state, folder / WEIGHTS)
    write_json(folder / CONFIG, config)
    ids = {key: config[key] for key in ("eos_token_id", "pad_token_id") if key in config}
    write_json(folder / "generation_config.json", {"do_sample": True, "temperature": 0.7} | ids)


def write_weights(state: dict[str, torch.Tensor], path: Path) -> None:
    """Write tensors as safetensors, whole or not at all."""
    temporary = path.with_name(f"{path.name}.tmp{os.getpid()}")
    with naming_os_errors(path):
        try:
            save_file(state, temporary, metadata={"format": "pt"})
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        except SafetensorError as error:  # it wraps the operating system's error in its own
            number = 28 if "os error 28" in str(error) else 27 if "os error 27" in str(error) else 5
            raise OSError(number, str(error)) from error
        finally:
            temporary.unlink(missing_ok=True)


def _read_config(folder: Path) -> dict[str, Any]:
    if not (folder / CONFIG).is_file():
        there = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) if folder.is_dir() else "no such folder"
        raise MissingError(
            f"{folder} holds no model: {CONFIG} is missing (found: {there or 'nothing'})",
            hint="give the folder of a model, or brew one with `samovar brew DIR`",
        )
    config = read_json(folder / CONFIG)
    if not isinstance(config, dict):
        raise CorruptError(f"{folder / CONFIG} is not a JSON object", hint="make it again")
    return config


def _family(folder: Path, config: dict[str, Any]) -> ModuleType:
    name = config.get("model_type")
    if name not in family_names():
        raise ConfigError(
            f"{folder} is of the model family {name!r}, which is not known here",
            hint=f"known families: {', '.join(family_names())}",
        )
    return importlib.import_module(f"{families.__name__}.{name}")


def _read_weights(path: Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(path)
    except FileNotFoundError as error:
        raise MissingError(f"{path} does not exist", hint="make or copy the model again") from error
    except (SafetensorError, OSError) as error:
        raise CorruptError(f"{path} cannot be read: {error}", hint="delete the folder and make it again") from error


def _check_shapes(folder: Path, model: Decoder, state: dict[str, torch.Tensor]) -> None:
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in state.items()}
    wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if wrong:
        name = wrong[0]
        raise CorruptError(
            f"{folder / WEIGHTS} does not fit {CONFIG}: {name} is {found.get(name, 'missing')}, "
            f"expected {expected.get(name, 'nothing')} ({len(wrong)} tensors differ)",
            hint="the two files are of different models: copy or make the folder again",
        )


def _token_ids(folder: Path) -> dict[str, Any]:
    """The ids that config.json names, read from the tokenizer beside it."""
    if not (folder / "tokenizer.json").is_file():
        return {}
    added = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8")).get("added_tokens", [])
    ids = {token["content"]: token["id"] for token in added}
    return {"eos_token_id": ids.get("<|im_end|>"), "pad_token_id": ids.get("<|endoftext|>"), "bos_token_id": None}
