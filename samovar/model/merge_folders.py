"""Models on disk merged into one, tensor by tensor: memory for the result, and for one tensor of each."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from samovar.core.errors import ConfigError
from samovar.core.files import read_json
from samovar.core.whole_folder import whole_folder
from samovar.model.card import add_licence_files, write_common_card
from samovar.model.checkpoint import CONFIG, GENERATION, copy_companions, read_config, read_settings
from samovar.model.merging import NEEDS_BASE, Method, dare, linear, slerp, ties
from samovar.model.shards import StoredTensors, weight_bytes, weight_files, write_sharded

TOKENIZER = "tokenizer.json"


class Merge(NamedTuple):
    """How models become one."""

    method: Method = "linear"
    shares: tuple[float, ...] = ()
    """How much each model counts; none: all alike. For ``slerp`` the second's is how far to go from the first."""
    density: float = 0.5
    """Share of each task vector that ``ties`` and ``dare`` keep."""
    scale: float = 1.0
    """Of what they add to the base."""
    seed: int = 0
    """Of the chance in ``dare``."""


def merge_models(folders: Sequence[Path], out: Path, how: Merge, *, base: Path | None = None) -> dict[str, Any]:
    """Write one model made of those in ``folders`` to ``out``, whole or not at all.

    Args:
        folders: of models of one shape and tokenizer; what is not weights is taken from the first.
        out: a new folder.
        how: method and its numbers.
        base: what all of them were tuned from, where the method needs it.
    Returns:
        number of tensors and bytes of the weights.
    Raises:
        ConfigError: the models differ in more than their weights, are quantized, or the method does not fit them.
        MissingError, CorruptError: files are missing or damaged.
    """
    shares = _checked_shares(folders, how, base)
    everyone = [*folders, *([base] if base else [])]
    _check_alike(everyone)
    stored = [StoredTensors(weight_files(folder)) for folder in everyone]
    generator = torch.Generator().manual_seed(how.seed)
    with whole_folder(out) as partial:
        state = {
            name: _merged(name, [tensors[name] for tensors in stored], how, shares, generator)
            for name in stored[0].names
        }
        write_sharded(state, partial)
        copy_companions(folders[0], partial)
        for name in (CONFIG, GENERATION):
            if (folders[0] / name).is_file():
                shutil.copyfile(folders[0] / name, partial / name)
        for folder in everyone:
            add_licence_files(folder, partial)
        write_common_card(everyone, partial, name=out.name)
    return {"tensors": len(state), "weight_bytes": weight_bytes(out)}


def _merged(
    name: str, tensors: list[Tensor], how: Merge, shares: Sequence[float], generator: torch.Generator
) -> Tensor:
    if not tensors[0].is_floating_point():
        return tensors[0]
    match how.method:
        case "linear":
            merged = linear(tensors[: len(shares)], shares)
        case "slerp":
            merged = slerp(tensors[0], tensors[1], shares[1] / sum(shares))
        case "ties":
            merged = ties(tensors[-1], tensors[:-1], shares, density=how.density, scale=how.scale)
        case "dare" | "dare-ties":
            elects = how.method == "dare-ties"
            merged = dare(tensors[-1], tensors[:-1], shares, density=how.density, scale=how.scale,
                          generator=generator, elects_sign=elects)  # fmt: skip
    merged = merged.to(tensors[0].dtype)
    if not bool(merged.isfinite().all()):
        raise ConfigError(
            f"{name} has numbers that are not finite after merging", hint="one of the models has them, or lower --scale"
        )
    return merged


def _checked_shares(folders: Sequence[Path], how: Merge, base: Path | None) -> tuple[float, ...]:
    if len(folders) < 2 and how.method not in NEEDS_BASE:
        raise ConfigError(f"{how.method} merges two models or more, not {len(folders)}", hint="name another model")
    if how.method == "slerp" and len(folders) != 2:
        raise ConfigError(
            f"slerp merges two models, not {len(folders)}", hint="merge two, then the result with a third"
        )
    if how.method in NEEDS_BASE and base is None:
        raise ConfigError(
            f"{how.method} merges what models learnt on top of a base, and none is named", hint="add --base FOLDER"
        )
    if how.method not in NEEDS_BASE and base is not None:
        raise ConfigError(f"{how.method} needs no base", hint=f"leave --base out, or choose {', '.join(NEEDS_BASE)}")
    if not 0 < how.density <= 1:
        raise ConfigError(f"density is {how.density:g}, which is no share", hint="name a number above 0 and up to 1")
    shares = how.shares or (1.0,) * len(folders)
    if len(shares) != len(folders):
        raise ConfigError(f"{len(shares)} shares for {len(folders)} models", hint="name one for each, in their order")
    if min(shares) < 0 or sum(shares) <= 0:
        raise ConfigError(f"shares of {shares} do not add up to more than zero", hint="0.5,0.5 takes two models alike")
    return shares


def _check_alike(folders: Sequence[Path]) -> None:
    """See that the models differ in their weights alone."""
    first = folders[0]
    shape, tokenizer = read_settings(first), _tokenizer(first)
    headers = StoredTensors(weight_files(first)).shapes
    for folder in folders:
        if "quantization_config" in read_config(folder):
            raise ConfigError(f"{folder} is quantized", hint="merge the models that were quantized, then quantize")
        if read_settings(folder) != shape:
            raise ConfigError(
                f"{folder} is of another shape than {first}", hint="only models of one shape can be merged"
            )
        if _tokenizer(folder) != tokenizer:
            raise ConfigError(
                f"{folder} has another tokenizer than {first}, so that its weights speak of other tokens",
                hint="merge models that were trained from one base",
            )
        found = StoredTensors(weight_files(folder)).shapes
        if found != headers:
            name = next(name for name in sorted(found.keys() | headers.keys()) if found.get(name) != headers.get(name))
            raise ConfigError(
                f"{folder} stores {name} as {found.get(name, 'nothing')}, {first} as {headers.get(name, 'nothing')}",
                hint="save both with the same program first",
            )


def _tokenizer(folder: Path) -> Any:
    """What decides which tokens a text becomes; None where the folder has no tokenizer."""
    if not (folder / TOKENIZER).is_file():
        return None
    content = read_json(folder / TOKENIZER)
    return {key: content.get(key) for key in ("model", "added_tokens", "normalizer", "pre_tokenizer")}
