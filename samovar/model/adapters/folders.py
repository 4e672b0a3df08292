"""A model and an adapter on disk, opened together and merged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from samovar.core.errors import ConfigError, CorruptError
from samovar.core.whole_folder import whole_folder
from samovar.model.adapters.attach import adaptable, merge
from samovar.model.adapters.base_id import base_id
from samovar.model.adapters.lora import LoraLinear
from samovar.model.adapters.peft_folder import SavedAdapter, read_adapter
from samovar.model.adapters.peft_names import LowRank, to_ours
from samovar.model.card import add_licence_files, read_card, write_common_card
from samovar.model.checkpoint import load_model, outline, save_model
from samovar.model.decoder import Decoder
from samovar.model.linear import replace_module
from samovar.model.settings import DecoderSettings
from samovar.model.shards import weight_bytes


def load_adapted(
    base: Path, adapter: Path, *, dtype: torch.dtype | None = None, base_bits: int | None = None
) -> Decoder:
    """The model in ``base`` with the adapter in ``adapter`` beside its maps, frozen.

    That the two belong together is checked before the first weight is read.

    Args:
        dtype: of the base's weights; None keeps what is stored.
        base_bits: 16, or 4 for a base in NF4; by default as the adapter was trained.
    Raises:
        ConfigError: the adapter is of another model, or needs what is not supported.
        MissingError, CorruptError: files are missing or damaged.
    """
    saved = read_adapter(adapter)
    empty = outline(base).model
    shapes = {name: (module.out_features, module.in_features) for name, module in adaptable(empty).items()}
    ours = fitting(shapes, empty.settings, saved)
    check_base(saved, base)
    model = load_model(base, dtype=dtype, weight_bits=base_bits or saved.base_bits)
    _put_on(model, ours)
    return model.eval().requires_grad_(False)


def merge_folders(base: Path, adapter: Path, out: Path, *, base_bits: int | None = None) -> dict[str, Any]:
    """Write the model in ``base`` with the adapter merged into its weights to ``out``, whole or not at all.

    Args:
        base_bits: 4 merges into the weights as NF4 holds them, 16 into those of ``base``; by default as it was trained.
    Returns:
        number of adapted maps, bytes of the weights, and the largest difference of a logit, on random tokens, between
        the base with its adapter beside and what was written.
    Raises:
        ConfigError: ``out`` holds something already, or the adapter is of another model.
    """
    with whole_folder(out) as partial:
        model = load_adapted(base, adapter, base_bits=base_bits)
        adapted = sum(isinstance(module, LoraLinear) for module in model.modules())
        expected_BTV = _logits(model)
        merge(model)
        save_model(model, partial, tokenizer_folder=base)
        _add_terms(base, adapter, partial, name=out.name)
        difference = float((_logits(load_model(partial)) - expected_BTV).abs().max())
    return {"adapted_maps": adapted, "weight_bytes": weight_bytes(out), "largest_logit_difference": difference}


def _add_terms(base: Path, adapter: Path, out: Path, *, name: str) -> None:
    """Tell in the card, which is the base's, what the adapter's licence asks beyond it."""
    card, own = read_card(adapter), read_card(base)
    known = {licence for licence in card.terms.licences if licence.kind != "unknown"} if card else set()
    if known - set(own.terms.licences if own else ()):
        add_licence_files(adapter, out)
        write_common_card([base, adapter], out, name=name)


@torch.inference_mode()
def _logits(model: Decoder) -> torch.Tensor:
    """Of a row of random tokens."""
    length = min(64, model.settings.max_positions)
    generator = torch.Generator().manual_seed(0)
    return model(torch.randint(model.settings.vocab_size, (1, length), generator=generator)).float()


def _put_on(model: Decoder, ours: dict[str, LowRank]) -> None:
    maps = adaptable(model)
    for name, part in ours.items():
        module = LoraLinear(maps[name], rank=part.rank, scale=part.scale, has_magnitude=part.magnitude_O is not None)
        numbers = {"lora_A": part.a_RI, "lora_B": part.b_OR, "magnitude": part.magnitude_O}
        module.load_state_dict({key: value for key, value in numbers.items() if value is not None}, strict=False)
        replace_module(model, name, module)


def fitting(
    shapes: Mapping[str, tuple[int, int]], settings: DecoderSettings, adapter: SavedAdapter
) -> dict[str, LowRank]:
    """The adapter by our names, every part of which has a map of its shape in the model.

    Args:
        shapes: name of each map -> its outputs and inputs.
        settings: of the model.
        adapter: as it is on disk.
    Raises:
        ConfigError: it is of another model.
    """
    try:
        ours = to_ours(adapter.parts, settings)
    except CorruptError as error:  # rows of a joined matrix that cannot be divided among queries, keys and values
        raise _other_base(adapter, str(error)) from error
    for name, part in ours.items():
        if name not in shapes:
            raise _other_base(adapter, f"there is no linear map {name} in its layers")
        expected = shapes[name]
        found = part.b_OR.shape[0], part.a_RI.shape[1]
        if found != expected:
            raise _other_base(adapter, f"{name} is {expected}, the adapter's is {found}")
        if part.magnitude_O is not None and part.magnitude_O.shape != (expected[0],):
            raise _other_base(
                adapter, f"{name} has {expected[0]} rows, the adapter {part.magnitude_O.shape[0]} lengths"
            )
    return ours


def check_base(adapter: SavedAdapter, base: Path) -> None:
    """See that the adapter was trained on the model in ``base``, where it says on which.

    Raises:
        ConfigError: it was trained on another one.
    """
    if adapter.base_id is not None and (found := base_id(base)) != adapter.base_id:
        raise ConfigError(
            f"{adapter.folder} was trained on another model than {base}, of the same shape (ids {adapter.base_id} and "
            f"{found})",
            hint="name the model that it was trained on",
        )


def _other_base(adapter: SavedAdapter, why: str) -> ConfigError:
    return ConfigError(
        f"{adapter.folder} is an adapter of another model: {why}", hint="name the model that it was trained on"
    )
