"""Weights on disk: one safetensors file, or several with an index; their headers can be read alone."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, cast

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from samovar.core.errors import ConfigError, CorruptError, MissingError, ResourceError, SamovarError
from samovar.core.files import naming_os_errors, read_json, write_json

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
PICKLES, PICKLE_INDEX = "pytorch_model.bin", "pytorch_model.bin.index.json"
LARGEST_FILE = 5_000_000_000
"""Bytes; transformers writes files of about this size, and every file system holds them."""

_COPY_AGAIN = "the download or the copy was cut short: fetch the folder again"
_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
}


def weight_files(folder: Path, *, allow_pickle: bool = False) -> list[Path]:
    """The files that hold the weights of the model in ``folder``; each is there.

    Raises:
        MissingError: there are none, or some that the index names are not there.
        ConfigError: they are pickles, which were not allowed.
        CorruptError: the index is not one.
    """
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    if (folder / INDEX).is_file():
        check_no_pickles(folder / INDEX)
        return _indexed(folder / INDEX)
    pickles = [path for path in (folder / PICKLES, folder / PICKLE_INDEX) if path.is_file()]
    if not pickles:
        raise MissingError(
            f"{folder} holds no weights: neither {WEIGHTS} nor {INDEX} is there",
            hint="make or copy the model again; a model in another format has to be converted to safetensors first",
        )
    if not allow_pickle:
        raise ConfigError(
            f"{folder} has its weights as pickles ({pickles[0].name}), which can run any code on whoever opens them",
            hint="take a copy in safetensors (most models have one, or a revision refs/pr/… with one); "
            "or allow pickles, if you trust who made them",
        )
    return pickles if pickles[0].name == PICKLES else _indexed(pickles[0])


def check_no_pickles(index: Path) -> None:
    """See that an index of safetensors names nothing else.

    Raises:
        CorruptError: it does, or is no index.
    """
    for name in indexed_names(index):
        if not name.endswith(".safetensors"):
            raise CorruptError(f"{index} names {name}, which is no file of safetensors", hint=_COPY_AGAIN)


def read_headers(files: list[Path]) -> dict[str, Tensor]:
    """All tensors of ``files`` without their contents, on the meta device.

    Raises:
        CorruptError: a file is cut short, or is not what its name says.
    """
    return {name: tensor for path in files for name, tensor in _header(path).items()}


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of one file.

    Raises:
        CorruptError: it is cut short, or is not what its name says.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except UnpicklingError as error:
        raise CorruptError(f"{path} holds more than tensors: {error}", hint="do not open it") from error
    except (SafetensorError, OSError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise _unreadable(path, error) from error
    if not isinstance(loaded, dict):
        raise CorruptError(f"{path} holds no tensors by name", hint=_COPY_AGAIN)
    return {name: tensor for name, tensor in loaded.items() if isinstance(tensor, Tensor)}


def first_not_finite(files: list[Path]) -> tuple[Path, str] | None:
    """The first tensor that holds NaN or an infinity, behind its file.

    Raises:
        CorruptError: a file cannot be read.
    """
    for path in files:
        for name, tensor in read_weights(path).items():
            if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
                return path, name
    return None


class StoredTensors:
    """The tensors of ``files``, each read when it is asked for."""

    def __init__(self, files: list[Path]) -> None:
        headers = {path: _header(path) for path in files}
        self._file_of = {name: path for path, tensors in headers.items() for name in tensors}
        self.shapes = {name: tuple(one.shape) for tensors in headers.values() for name, one in tensors.items()}

    @property
    def names(self) -> list[str]:
        """Of all tensors."""
        return list(self._file_of)

    def __getitem__(self, name: str) -> Tensor:
        """One tensor.

        Raises:
            CorruptError: its file cannot be read.
        """
        path = self._file_of[name]
        try:
            with safe_open(path, framework="pt") as file:
                return cast(Tensor, file.get_tensor(name))
        except (SafetensorError, OSError) as error:
            raise _unreadable(path, error) from error


def write_weights(state: Mapping[str, Tensor], path: Path, *, metadata: Mapping[str, str] | None = None) -> None:
    """Write tensors as one safetensors file, whole or not at all; ``metadata`` goes into its header."""
    temporary = path.with_name(f"{path.name}.tmp{os.getpid()}")
    with naming_os_errors(path):
        try:
            save_file(dict(state), temporary, metadata={"format": "pt", **(metadata or {})})
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.chmod(path.parent.stat().st_mode & 0o644)  # the library lets nobody else read it
            temporary.replace(path)
        except SafetensorError as error:  # it wraps the operating system's error in its own
            told = re.search(r"os error (\d+)", str(error))
            number = int(told[1]) if told else errno.EIO
            raise OSError(number, os.strerror(number) if told else str(error)) from error
        finally:
            temporary.unlink(missing_ok=True)


def write_sharded(state: Mapping[str, Tensor], folder: Path, *, largest_file: int = LARGEST_FILE) -> None:
    """Write ``state`` to ``folder`` as one file, or as several with an index where it is larger than ``largest_file``.

    Weights that were there before are replaced.
    """
    shards = list(_shards(state, largest_file))
    if len(shards) == 1:
        write_weights(state, folder / WEIGHTS)
        _remove_others(folder, keep={WEIGHTS})
        return
    names = [f"model-{number:05}-of-{len(shards):05}.safetensors" for number in range(1, len(shards) + 1)]
    for name, shard in zip(names, shards, strict=True):
        write_weights(shard, folder / name)
    file_of = {key: name for name, shard in zip(names, shards, strict=True) for key in shard}
    total_size = sum(tensor.nbytes for tensor in state.values())
    write_json(folder / INDEX, {"metadata": {"total_size": total_size}, "weight_map": file_of})
    _remove_others(folder, keep={INDEX, *names})


def weight_bytes(folder: Path) -> int:
    """Bytes of the files that hold the weights."""
    return sum(path.stat().st_size for path in weight_files(folder, allow_pickle=True))


def indexed_names(index: Path) -> list[str]:
    """The names of the files that an index says are beside it.

    Raises:
        CorruptError: it names none, or files elsewhere.
    """
    content = read_json(index)
    file_of = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(file_of, dict) or not file_of:
        raise CorruptError(f"{index} names no files", hint=_COPY_AGAIN)
    names = sorted(set(file_of.values()))
    outside = [name for name in names if not isinstance(name, str) or Path(name).name != name]
    if outside:
        raise CorruptError(f"{index} names {outside[0]!r}, which is not a file beside it", hint="do not open it")
    return names


def _indexed(index: Path) -> list[Path]:
    """The files that an index names; each is there."""
    names = indexed_names(index)
    missing = [name for name in names if not (index.parent / name).is_file()]
    if missing:
        listed = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise MissingError(
            f"{index.parent} misses {len(missing)} of the {len(names)} files of its weights: {listed}",
            hint=_COPY_AGAIN,
        )
    return [index.parent / name for name in names]


def _header(path: Path) -> dict[str, Tensor]:
    if path.suffix != ".safetensors":
        return {name: tensor.to("meta") for name, tensor in read_weights(path).items()}
    try:
        with safe_open(path, framework="pt") as file:
            slices: dict[str, Any] = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
            return {name: _meta(path, name, found) for name, found in slices.items()}
    except (SafetensorError, OSError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> SamovarError:
    if isinstance(error, PermissionError):
        return ResourceError(
            f"{path} may not be read by who runs this", hint="let it be read, or run this as its owner"
        )
    return CorruptError(f"{path} cannot be read: {error}", hint=_COPY_AGAIN)


def _meta(path: Path, name: str, found: Any) -> Tensor:
    kind = found.get_dtype()
    if kind not in _DTYPES:
        raise CorruptError(f"{path}: {name} is of type {kind}, which is not known here", hint="convert it to BF16")
    return torch.empty(found.get_shape(), dtype=_DTYPES[kind], device="meta")


def _shards(state: Mapping[str, Tensor], largest_file: int) -> Iterator[dict[str, Tensor]]:
    """Runs of tensors that fit into a file; one that is larger alone stands alone."""
    shard: dict[str, Tensor] = {}
    size = 0
    for name, tensor in state.items():
        if shard and size + tensor.nbytes > largest_file:
            yield shard
            shard, size = {}, 0
        shard[name] = tensor
        size += tensor.nbytes
    yield shard


def _remove_others(folder: Path, *, keep: set[str]) -> None:
    """Remove weights of an earlier model, the one whose name is read first at the head."""
    for path in (folder / WEIGHTS, folder / INDEX, *folder.glob("model-?????-of-?????.safetensors")):
        if path.name not in keep:
            path.unlink(missing_ok=True)
