"""Encoders from a Hugging Face folder: BERT, RoBERTa and XLM-RoBERTa, bare, as sentence embedders or as classifiers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor

from samovar.core.errors import ConfigError, CorruptError
from samovar.core.files import read_json
from samovar.model.checkpoint import check_fit, read_config
from samovar.model.encoder import Encoder, EncoderSettings
from samovar.model.hf_config import read_activation, refuse
from samovar.model.layout import Layout
from samovar.model.shards import read_headers, read_weights, weight_files

FAMILIES = {"bert": 0, "roberta": 2, "xlm-roberta": 2}
"""Their ``model_type``, and the unused rows before the first position."""

LAYOUT = Layout(
    prefix="bert.",
    older_prefixes=("roberta.",),
    names={
        "embed_tokens": "embeddings.word_embeddings",
        "embed_positions": "embeddings.position_embeddings",
        "embed_types": "embeddings.token_type_embeddings",
        "norm": "embeddings.LayerNorm",
        "layers.*.q_proj": "encoder.layer.*.attention.self.query",
        "layers.*.k_proj": "encoder.layer.*.attention.self.key",
        "layers.*.v_proj": "encoder.layer.*.attention.self.value",
        "layers.*.o_proj": "encoder.layer.*.attention.output.dense",
        "layers.*.attention_norm": "encoder.layer.*.attention.output.LayerNorm",
        "layers.*.up_proj": "encoder.layer.*.intermediate.dense",
        "layers.*.down_proj": "encoder.layer.*.output.dense",
        "layers.*.mlp_norm": "encoder.layer.*.output.LayerNorm",
    },
    # What predicts masked words is no part of the encoder.
    ignored=r"(^|\.)position_ids$|^(cls|lm_head)\.",
)
"""How they name the encoder's parameters; heads differ by family."""


def load_encoder(folder: Path, *, dtype: torch.dtype | None = None, allow_pickle: bool = False) -> Encoder:
    """Open the encoder in ``folder``, in evaluation mode.

    Args:
        folder: a Hugging Face folder; one of sentence-transformers says how texts are pooled.
        dtype: of the weights; None keeps what is stored.
        allow_pickle: whether weights in pickles are opened.
    Raises:
        MissingError: a file is not there.
        CorruptError: config or weights are damaged or do not fit each other.
        ConfigError: it is no encoder that is known here; weights are pickles.
    """
    config = read_config(folder)
    files = weight_files(folder, allow_pickle=allow_pickle)
    stored = read_headers(files)
    settings = _settings(folder, config, is_classifier=any(name.startswith("classifier.") for name in stored))
    with torch.device("meta"):
        encoder = Encoder(settings)
    check_fit(folder, encoder, _ours(stored, settings))
    state: dict[str, Tensor] = {}
    for path in files:
        for name, tensor in _ours(read_weights(path), settings).items():
            state[name] = tensor.to(dtype or tensor.dtype, copy=True)
    encoder.load_state_dict(state, strict=True, assign=True)
    return encoder.eval().requires_grad_(False)


def load_encoder_settings(folder: Path) -> EncoderSettings:
    """The shape of the encoder in ``folder``, without opening its weights.

    Raises:
        MissingError: there is no config.json.
        CorruptError: it describes no encoder.
        ConfigError: it is of a family that is not known here.
    """
    return _settings(folder, read_config(folder), is_classifier=False)


def _settings(folder: Path, config: dict[str, Any], *, is_classifier: bool) -> EncoderSettings:
    kind = config.get("model_type")
    if kind not in FAMILIES:
        raise ConfigError(
            f"{folder} is of the encoder family {kind!r}, which is not known here",
            hint=f"known encoders: {', '.join(FAMILIES)}",
        )
    refuse(config, position_embedding_type="absolute", is_decoder=False)
    labels = config.get("id2label") or {"0": "LABEL_0", "1": "LABEL_1"}
    try:
        return EncoderSettings(
            family=kind,
            vocab_size=config["vocab_size"],
            hidden_size=config["hidden_size"],
            intermediate_size=config["intermediate_size"],
            num_layers=config["num_hidden_layers"],
            num_heads=config["num_attention_heads"],
            max_positions=config["max_position_embeddings"] - FAMILIES[kind],
            position_offset=FAMILIES[kind],
            num_types=config.get("type_vocab_size", 2),
            norm_eps=config.get("layer_norm_eps", 1e-12),
            activation=read_activation(config.get("hidden_act", "gelu")),
            pooling=_pooling(folder),
            labels=tuple(labels[number] for number in sorted(labels, key=int)) if is_classifier else (),
        )
    except (KeyError, TypeError, ValidationError) as error:
        raise CorruptError(f"{folder / 'config.json'} does not describe an encoder: {error}") from error


def _pooling(folder: Path) -> str:
    """How sentence-transformers was told to pool, where it was."""
    path = folder / "1_Pooling" / "config.json"
    return "first" if path.is_file() and read_json(path).get("pooling_mode_cls_token") else "mean"


def _ours(state: dict[str, Tensor], settings: EncoderSettings) -> dict[str, Tensor]:
    ours: dict[str, Tensor] = {}
    for name, tensor in LAYOUT.to_ours(state).items():
        # BERT's first checkpoints call a norm's weight and bias gamma and beta.
        name = name.replace(".gamma", ".weight").replace(".beta", ".bias")
        for theirs, mine in (("pooler.dense.", "pooler."), ("classifier.dense.", "pooler."), ("out_proj.", "")):
            name = name.replace(theirs, mine)
        if settings.labels or not name.startswith(("pooler.", "classifier.")):
            ours[name] = tensor
    return ours
