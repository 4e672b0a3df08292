"""Encoders from a Hugging Face folder: bare, as sentence embedders or as classifiers."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Protocol, cast

import torch
from pydantic import ValidationError
from torch import Tensor

from samovar.core.errors import ConfigError, CorruptError
from samovar.core.files import read_json
from samovar.core.plugins import module_names
from samovar.model import encoders
from samovar.model.checkpoint import check_fit, read_config
from samovar.model.encoder import Encoder
from samovar.model.encoder_settings import EncoderSettings
from samovar.model.layout import Layout
from samovar.model.shards import read_headers, read_weights, weight_files


class EncoderFamily(Protocol):
    """A module under ``encoders``."""

    CLASS: str
    """What transformers' names of its classes begin with."""
    LAYOUT: Layout
    """How a checkpoint of it names and stores our parameters, those of the head of classes too."""

    def from_hf_config(self, config: dict[str, Any]) -> EncoderSettings:
        """The shape that ``config.json`` describes, without what is pooled, and without classes."""
        ...


def encoder_names() -> list[str]:
    """The model types that can be opened as encoders: a file under ``encoders`` each."""
    return [name.replace("_", "-") for name in module_names(encoders.__name__)]


def encoder_family(name: str) -> EncoderFamily:
    """The family of this ``model_type``, one of ``encoder_names``."""
    module = importlib.import_module(f"{encoders.__name__}.{name.replace('-', '_')}")
    return cast(EncoderFamily, module)


def load_encoder(folder: Path, *, dtype: torch.dtype | None = None, allow_pickle: bool = False) -> Encoder:
    """Open the encoder in ``folder``, in evaluation mode.

    Args:
        folder: a Hugging Face folder; one of sentence-transformers says how texts are pooled.
        dtype: of the weights; None keeps what is stored.
        allow_pickle: whether weights in pickles are opened.
    Raises:
        MissingError: a file is not there.
        CorruptError: config or weights are damaged or do not fit each other.
        ConfigError: it is no encoder that is known here, or needs what is not here; weights are pickles.
    """
    config = read_config(folder)
    files = weight_files(folder, allow_pickle=allow_pickle)
    stored = read_headers(files)
    settings = _settings(folder, config, is_classifier=any(name.startswith("classifier.") for name in stored))
    layout = encoder_family(settings.family).LAYOUT
    with torch.device("meta"):
        encoder = Encoder(settings)
    check_fit(folder, encoder, _ours(stored, settings, layout))
    state: dict[str, Tensor] = {}
    for path in files:
        for name, tensor in _ours(read_weights(path), settings, layout).items():
            state[name] = tensor.to(dtype or tensor.dtype, copy=True)
    encoder.load_state_dict(state, strict=True, assign=True)
    return encoder.eval().requires_grad_(False)


def load_encoder_settings(folder: Path) -> EncoderSettings:
    """The shape of the encoder in ``folder``, without opening its weights.

    Raises:
        MissingError: there is no config.json.
        CorruptError: it describes no encoder.
        ConfigError: it is of a family that is not known here, or needs what is not here.
    """
    return _settings(folder, read_config(folder), is_classifier=False)


def _settings(folder: Path, config: dict[str, Any], *, is_classifier: bool) -> EncoderSettings:
    kind = config.get("model_type")
    if kind not in encoder_names():
        raise ConfigError(
            f"{folder} is of the encoder family {kind!r}, which is not known here",
            hint=f"known encoders: {', '.join(encoder_names())}",
        )
    try:
        settings = encoder_family(str(kind)).from_hf_config(config)
    except (KeyError, TypeError, ValidationError) as error:
        raise CorruptError(f"{folder / 'config.json'} does not describe an encoder: {error}") from error
    labels = config.get("id2label") or {"0": "LABEL_0", "1": "LABEL_1"}
    names = tuple(labels[number] for number in sorted(labels, key=int)) if is_classifier else ()
    return settings.model_copy(update={"pooling": _pooling(folder), "labels": names})


def _pooling(folder: Path) -> str:
    """How sentence-transformers was told to pool, where it was."""
    path = folder / "1_Pooling" / "config.json"
    return "first" if path.is_file() and read_json(path).get("pooling_mode_cls_token") else "mean"


def _ours(state: dict[str, Tensor], settings: EncoderSettings, layout: Layout) -> dict[str, Tensor]:
    ours: dict[str, Tensor] = {}
    for name, tensor in layout.to_ours(state).items():
        # A base has a head for its first lessons, which sorts nothing.
        if settings.labels or not name.startswith("head."):
            # BERT's first checkpoints call a norm's weight and bias gamma and beta.
            ours[name.replace(".gamma", ".weight").replace(".beta", ".bias")] = tensor
    return ours
