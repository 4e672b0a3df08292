"""What an engine is made of, out of folders: the model, its tokenizer, adapters, and a smaller model that guesses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import torch

from samovar.core.devices import pick_device
from samovar.engine.draft_model import check_draft_tokenizer
from samovar.model.adapters.attach import merge
from samovar.model.adapters.bank import AdapterBank, load_bank
from samovar.model.adapters.folders import load_adapted
from samovar.model.checkpoint import load_model
from samovar.model.decoder import Decoder
from samovar.model.vocabulary import check_vocabulary
from samovar.tokenizer.tokenizer import Tokenizer


class Parts(NamedTuple):
    """What was read from folders."""

    model: Decoder
    tokenizer: Tokenizer
    adapters: AdapterBank | None
    draft: Decoder | Literal["prompt"] | None


def load_parts(
    folder: Path,
    *,
    dtype: torch.dtype | None,
    adapter: Path | None,
    adapters: Mapping[str, Path] | None,
    draft: Path | Literal["prompt"] | None,
) -> Parts:
    """Read what ``Engine.load`` is told.

    Raises:
        MissingError, CorruptError: a file is missing or damaged.
        ConfigError: parts do not belong together.
    """
    device = pick_device()
    dtype = dtype or (torch.bfloat16 if device.type == "cuda" else torch.float32)
    if adapter is None:
        model = load_model(folder, dtype=dtype)
    else:
        model = load_adapted(folder, adapter, dtype=dtype)
        merge(model)
    model = model.to(device)
    tokenizer = Tokenizer.load(folder)
    check_vocabulary(tokenizer, model.settings, folder)
    bank = load_bank(model, adapters, base=folder) if adapters else None
    if draft is None or draft == "prompt":
        return Parts(model, tokenizer, bank, draft)
    check_draft_tokenizer(tokenizer, Tokenizer.load(draft), str(draft))
    return Parts(model, tokenizer, bank, load_model(draft, dtype=dtype).to(device))
