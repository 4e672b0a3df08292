"""An encoder that gives a prompt with its answer a number: its head reads the first token, as a classifier does.

On disk it is what transformers opens as AutoModelForSequenceClassification with one label.
Axes: B batch, T tokens, N places, D model width.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from samovar.core.errors import ConfigError
from samovar.core.files import write_json
from samovar.model.checkpoint import CONFIG, copy_companions, read_config
from samovar.model.encoder import Encoder
from samovar.model.encoder_checkpoint import FAMILIES, LAYOUT, load_encoder
from samovar.model.linear import Linear
from samovar.model.reward import reward_config
from samovar.model.shards import write_sharded
from samovar.model.sight import Branches

_CLASSES = {"bert": "Bert", "roberta": "Roberta", "xlm-roberta": "XLMRoberta"}
_PREFIXES = {"bert": "bert.", "roberta": "roberta.", "xlm-roberta": "roberta."}
_POOLERS = {"bert": "bert.pooler.dense", "roberta": "classifier.dense", "xlm-roberta": "classifier.dense"}
_HEADS = {"bert": "classifier", "roberta": "classifier.out_proj", "xlm-roberta": "classifier.out_proj"}
_DEVIATION = 0.02
"""Of fresh weights, as both families were begun (Devlin et al. 2019)."""


class RewardEncoder(Encoder):
    """Has what the training loop and the scores ask of a decoder: ``hidden``, and ``scores`` in place of logits."""

    separator_id: int
    """The token that ends either text of a pair; from behind the first one on, tokens are of the second kind."""
    is_compiled: bool

    @classmethod
    def of(cls, encoder: Encoder, *, separator_id: int, seed: int) -> RewardEncoder:
        """Make ``encoder`` one, with a fresh head (one that sorted texts keeps its pooler); it is changed in place."""
        width = encoder.settings.hidden_size
        generator = torch.Generator().manual_seed(seed)
        encoder.__class__ = cls
        assert isinstance(encoder, cls)  # an encoder has no slots: it is now
        encoder.settings = encoder.settings.model_copy(update={"labels": ("reward",)})
        if encoder.pooler is None:
            encoder.pooler = _fresh(width, width, _DEVIATION, generator)
        encoder.classifier = _fresh(width, 1, (width + 1) ** -0.5, generator)
        return encoder._ready(separator_id)

    def _ready(self, separator_id: int) -> RewardEncoder:
        self.separator_id, self.is_compiled = separator_id, False
        return self

    def hidden(self, tokens_BT: Tensor, *, document_BT: Tensor | None, branches: Branches | None = None) -> Tensor:
        """The vector of every token, BTD; every document is a pair of texts with the marks of its family."""
        assert branches is None  # every token looks at all of its text: two answers cannot share a beginning
        types_BT = None
        if self.settings.family == "bert":  # RoBERTa tells the texts apart by their marks alone
            is_end_BT = tokens_BT == self.separator_id
            # A pair has two separators: those before a token are even in number as long as it is of the first text.
            types_BT = (is_end_BT.cumsum(1) - is_end_BT.long()) % 2
        return self(tokens_BT, types_BT=types_BT, document_BT=document_BT)

    def scores(self, hidden_ND: Tensor) -> Tensor:
        """The number of each pair, N, read at its first token; in float32."""
        assert self.pooler is not None  # made with the head
        assert self.classifier is not None
        pooled_ND = torch.tanh(self.pooler(hidden_ND.float()))
        return self.classifier(pooled_ND).squeeze(-1)


def is_encoder(folder: Path) -> bool:
    """Whether the model in ``folder`` is of a family that is known here as an encoder."""
    return read_config(folder).get("model_type") in FAMILIES


def load_reward_encoder(folder: Path, *, separator_id: int, dtype: torch.dtype | None = None) -> RewardEncoder:
    """Open the reward model in ``folder``, in evaluation mode.

    Raises:
        MissingError: a file is not there.
        CorruptError: config or weights are damaged or do not fit each other.
        ConfigError: it is no reward model.
    """
    encoder = load_encoder(folder, dtype=dtype)
    if len(encoder.settings.labels) != 1:
        raise ConfigError(
            f"{folder} holds no reward model, but an encoder with {len(encoder.settings.labels)} classes",
            hint="train one with `samovar reward`",
        )
    encoder.__class__ = RewardEncoder
    assert isinstance(encoder, RewardEncoder)
    return encoder._ready(separator_id)


def save_reward_encoder(model: RewardEncoder, folder: Path, *, base: Path, dtype: torch.dtype | None = None) -> None:
    """Write ``model`` to ``folder``, with tokenizer and card of ``base``; the head stays in float32.

    Raises:
        ResourceError: the folder cannot be written.
    """
    family = model.settings.family
    copy_companions(base, folder)
    state = model.state_dict()
    body = {name: tensor for name, tensor in state.items() if not name.startswith(("pooler.", "classifier."))}
    stored = {
        name: tensor.detach().to(dtype or tensor.dtype).contiguous().cpu()
        for name, tensor in replace(LAYOUT, prefix=_PREFIXES[family]).to_theirs(body).items()
    }
    for ours, theirs in (("pooler", _POOLERS[family]), ("classifier", _HEADS[family])):
        for leaf in ("weight", "bias"):
            stored[f"{theirs}.{leaf}"] = state[f"{ours}.{leaf}"].detach().float().cpu()
    write_sharded(stored, folder)
    config = read_config(base) | reward_config(_CLASSES[family], dtype or model.embed_tokens.weight.dtype)
    config.pop("torch_dtype", None)
    config.pop("num_labels", None)
    write_json(folder / CONFIG, config)


def _fresh(inputs: int, outputs: int, deviation: float, generator: torch.Generator) -> Linear:
    linear = Linear(inputs, outputs, bias=True)
    nn.init.normal_(linear.weight, std=deviation, generator=generator)
    nn.init.zeros_(linear.bias)
    return linear
