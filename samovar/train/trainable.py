"""What a stage trains: a whole model, or an adapter beside a frozen one; how it is opened, and what is left of it."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import torch

from samovar.core.devices import pick_device, training_dtype
from samovar.model.adapters.attach import attach, merge
from samovar.model.adapters.peft_folder import save_adapter
from samovar.model.adapters.settings import AdapterSettings
from samovar.model.checkpoint import load_model, save_model
from samovar.model.decoder import Decoder
from samovar.train.settings import LoopSettings

ADAPTER_FOLDER = "adapter"

S = TypeVar("S", bound=LoopSettings)


def open_trainable(base: Path, adapter: AdapterSettings | None, *, seed: int) -> Decoder:
    """The model in ``base``, ready to train: all of it, or a fresh adapter alone, which is on this machine's device.

    Weights to train are float32. Frozen ones are kept in the type that they are multiplied in, or in four bits.
    """
    device = pick_device()
    if adapter is None:
        return load_model(base, dtype=torch.float32).train().requires_grad_(True)
    model = load_model(base, dtype=training_dtype(device), weight_bits=adapter.base_bits).to(device)
    attach(model, adapter, seed=seed)
    return model.train()


def loop_settings(settings: S, adapter: AdapterSettings | None) -> S:
    """The loop's settings for what is trained: an adapter has its own rate, and AdamW for all of it.

    Muon makes every direction of an update equally large. That is meant for a whole weight: A and B are its thin
    factors, whose product is what counts, and orthogonal steps of each are not orthogonal steps of the product.
    """
    if adapter is None:
        return settings
    rate = adapter.learning_rate
    return settings.model_copy(update={"optimizer": "adamw", "learning_rate": rate, "adamw_learning_rate": rate})


def save_trained(model: Decoder, out: Path, adapter: AdapterSettings | None, *, base: Path) -> None:
    """Leave in ``out`` what was trained: a model's folder, and the adapter in ``adapter/`` in PEFT's format.

    An adapter is merged into ``model`` on the way, but for ``merge: false``, which leaves the adapter alone.
    """
    if adapter is not None:
        save_adapter(model, out / ADAPTER_FOLDER, adapter, base=base)
        if not adapter.merge:
            return
        merge(model)
    save_model(model, out, tokenizer_folder=base, dtype=training_dtype(next(model.parameters()).device))
