"""Tell base models apart, so that an adapter is not put on another one than it was trained on."""

from __future__ import annotations

from pathlib import Path

import torch
import xxhash
from safetensors import SafetensorError, safe_open

from samovar.core.errors import CorruptError
from samovar.model.shards import weight_files

_SAMPLE = 64


def base_id(folder: Path) -> str:
    """16 hexadecimal digits that tell the model in ``folder`` from others of its shape.

    Of every tensor the name, the shape, and some numbers of its first and last row, rounded to bfloat16, are hashed: a
    few kilobytes of files of any size. The same weights in other files, or rounded to bfloat16, are the same model.

    Raises:
        MissingError: there are no weights.
        CorruptError: they are damaged.
    """
    samples: dict[str, bytes] = {}
    for path in weight_files(folder):
        try:
            with safe_open(path, framework="pt") as file:
                for name in file.keys():  # noqa: SIM118
                    samples[name] = _sample(file.get_slice(name))
        except SafetensorError as error:
            raise CorruptError(f"{path} cannot be read: {error}", hint="copy or make the model again") from error
    digest = xxhash.xxh3_64()
    for name in sorted(samples):
        digest.update(name.encode())
        digest.update(samples[name])
    return digest.hexdigest()


def _sample(tensor: object) -> bytes:
    """The shape of a stored tensor, and what its first and its last row begin with."""
    shape = tensor.get_shape()  # type: ignore[attr-defined]
    rows = [tensor[:1], tensor[-1:]] if shape and shape[0] > 1 else [tensor[:]]  # type: ignore[index]
    numbers = torch.cat([row.flatten()[:_SAMPLE].to(torch.bfloat16) for row in rows])
    return str(shape).encode() + numbers.view(torch.int16).numpy().tobytes()
