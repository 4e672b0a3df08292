"""An encoder that gives a prompt with its answer a number: its head reads the first token, as a classifier does.

On disk it is what transformers opens as AutoModelForSequenceClassification with one label.
Axes: B batch, T tokens, N places, D model width.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from samovar.core.errors import ConfigError
from samovar.core.files import write_json
from samovar.model.checkpoint import CONFIG, copy_companions, read_config
from samovar.model.encoder import ClassHead, Encoder
from samovar.model.encoder_checkpoint import encoder_family, encoder_names, load_encoder
from samovar.model.encoder_settings import EncoderSettings
from samovar.model.reward import reward_config
from samovar.model.shards import write_sharded
from samovar.model.sight import Branches

_DEVIATION = 0.02
"""Of fresh weights, as its families were begun (Devlin et al. 2019)."""


class RewardEncoder(Encoder):
    """Has what the training loop and the scores ask of a decoder: ``hidden``, and ``scores`` in place of logits."""

    separator_id: int
    """The token that ends either text of a pair; from behind the first one on, tokens are of the second kind."""
    is_compiled: bool

    @classmethod
    def of(cls, encoder: Encoder, *, separator_id: int, seed: int) -> RewardEncoder:
        """Make ``encoder`` one, with a fresh head (one that sorted texts keeps the beginning of its own); it is changed
        in place."""
        encoder.__class__ = cls
        assert isinstance(encoder, cls)  # an encoder has no slots: it is now
        encoder.settings = encoder.settings.model_copy(update={"labels": ("reward",)})
        known, encoder.head = encoder.head, _fresh(encoder.settings, torch.Generator().manual_seed(seed))
        if known is not None:
            encoder.head.dense, encoder.head.norm = known.dense, known.norm
        return encoder._ready(separator_id)

    def _ready(self, separator_id: int) -> RewardEncoder:
        self.separator_id, self.is_compiled = separator_id, False
        return self

    def hidden(self, tokens_BT: Tensor, *, document_BT: Tensor | None, branches: Branches | None = None) -> Tensor:
        """The vector of every token, BTD; every document is a pair of texts with the marks of its family."""
        assert branches is None  # every token looks at all of its text: two answers cannot share a beginning
        types_BT = None
        if self.settings.types_by_text:
            is_end_BT = tokens_BT == self.separator_id
            # A pair has two separators: those before a token are even in number as long as it is of the first text.
            types_BT = (is_end_BT.cumsum(1) - is_end_BT.long()) % 2
        x_BTD = self(tokens_BT, types_BT=types_BT, document_BT=document_BT)
        return _means(x_BTD, document_BT) if self.settings.head_pooling == "mean" else x_BTD

    def scores(self, hidden_ND: Tensor) -> Tensor:
        """The number of each pair, N, read at its first token; in float32."""
        assert self.head is not None  # a reward model has one
        return self.head(hidden_ND.float()).squeeze(-1)


def is_encoder(folder: Path) -> bool:
    """Whether the model in ``folder`` is of a family that is known here as an encoder."""
    return read_config(folder).get("model_type") in encoder_names()


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
    family = encoder_family(model.settings.family)
    copy_companions(base, folder)
    kept = {
        name: tensor.detach()
        .to(torch.float32 if name.startswith("head.") else dtype or tensor.dtype)
        .contiguous()
        .cpu()
        for name, tensor in model.state_dict().items()
    }
    write_sharded(family.LAYOUT.to_theirs(kept), folder)
    config = read_config(base) | reward_config(family.CLASS, dtype or model.embed_tokens.weight.dtype)
    config.pop("torch_dtype", None)
    config.pop("num_labels", None)
    write_json(folder / CONFIG, config)


def _means(x_BTD: Tensor, document_BT: Tensor | None) -> Tensor:
    """For every token the mean over its document, BTD."""
    if document_BT is None:
        return x_BTD.mean(1, keepdim=True).expand_as(x_BTD)
    is_own_BTT = (document_BT[:, :, None] == document_BT[:, None, :]).float()
    return (is_own_BTT / is_own_BTT.sum(-1, keepdim=True)) @ x_BTD.float()


def _fresh(settings: EncoderSettings, generator: torch.Generator) -> ClassHead:
    head = ClassHead(settings)
    for linear, deviation in ((head.dense, _DEVIATION), (head.out, (settings.hidden_size + 1) ** -0.5)):
        nn.init.normal_(linear.weight, std=deviation, generator=generator)
        if linear.bias is not None:
            nn.init.zeros_(linear.bias)
    return head
