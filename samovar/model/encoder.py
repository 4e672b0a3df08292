"""The encoder of BERT and RoBERTa: every token looks at all others. It opens as an embedder and as a classifier.

Axes: B batch, T tokens, S tokens looked at, D model width, H heads, A head width, C classes.

Source: Devlin et al. 2019, arXiv:1810.04805, section 3; Liu et al. 2019, arXiv:1907.11692.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from samovar.core.errors import ConfigError
from samovar.core.settings import Settings
from samovar.model.linear import Linear
from samovar.model.mlp import activation
from samovar.model.norms import LayerNorm
from samovar.model.positions import places_in_documents
from samovar.model.settings import Activation, DecoderSettings


class EncoderSettings(Settings):
    """The shape of an encoder."""

    family: str
    """The ``model_type`` that it is opened as."""
    vocab_size: int = Field(ge=2)
    """Rows of the embedding table, in tokens."""
    hidden_size: int = Field(ge=8)
    """Model width."""
    intermediate_size: int = Field(ge=8)
    """Hidden width of the feed-forward block."""
    num_layers: int = Field(ge=1)
    """Layers."""
    num_heads: int = Field(ge=1)
    """Heads; divides hidden_size."""
    max_positions: int = Field(ge=8)
    """Longest sequence, in tokens."""
    position_offset: int = Field(0, ge=0)
    """Unused rows before the first learned position."""
    num_types: int = Field(2, ge=1)
    """Kinds of tokens: of the first text, of the second."""
    norm_eps: float = Field(1e-12, gt=0)
    """Added to the variance in LayerNorm."""
    activation: Activation = "gelu"
    """The feed-forward block's activation."""
    pooling: Literal["mean", "first"] = "mean"
    """What stands for a text: the mean of its tokens, or its first token."""
    labels: tuple[str, ...] = ()
    """Names of the classes; none where it is no classifier."""

    @model_validator(mode="after")
    def _check_heads(self) -> EncoderSettings:
        if self.hidden_size % self.num_heads:
            raise ValueError(f"num_heads {self.num_heads} does not divide hidden_size {self.hidden_size}")
        return self

    @property
    def decoder_of_its_size(self) -> DecoderSettings:
        """A decoder with as many weights and products, by which time and memory are reckoned."""
        return DecoderSettings(
            family="gpt2", vocab_size=self.vocab_size, hidden_size=self.hidden_size,
            intermediate_size=self.intermediate_size, num_layers=self.num_layers, num_heads=self.num_heads,
            num_kv_heads=self.num_heads, head_dim=self.hidden_size // self.num_heads,
            max_positions=self.max_positions, position_offset=self.position_offset, norm="layer", position="learned",
            attention_bias=True, output_bias=True, qk_norm=False, mlp="plain", mlp_bias=True,
            activation=self.activation, tie_embeddings=True,
        )  # fmt: skip

    @property
    def num_parameters(self) -> int:
        """Weights of the encoder, without heads; rounded up by no more than a few vectors."""
        return self.decoder_of_its_size.num_parameters

    def flops_per_token(self, context: int) -> float:
        """Of training, forward and backward, at texts of ``context`` tokens; there is no head over the vocabulary."""
        return self.decoder_of_its_size.flops_per_token(context) - 6.0 * self.vocab_size * self.hidden_size


class EncoderLayer(nn.Module):
    """Attention and the feed-forward block, each beside a residual and before a norm."""

    def __init__(self, settings: EncoderSettings) -> None:
        super().__init__()
        width, hidden = settings.hidden_size, settings.intermediate_size
        self.heads = settings.num_heads
        self.q_proj = Linear(width, width, bias=True)
        self.k_proj = Linear(width, width, bias=True)
        self.v_proj = Linear(width, width, bias=True)
        self.o_proj = Linear(width, width, bias=True)
        self.attention_norm = LayerNorm(width, settings.norm_eps)
        self.up_proj = Linear(width, hidden, bias=True)
        self.down_proj = Linear(hidden, width, bias=True)
        self.mlp_norm = LayerNorm(width, settings.norm_eps)
        self.activation = activation(settings.activation)

    def forward(self, x_BTD: Tensor, seen_B1TS: Tensor | None) -> Tensor:
        """Mix every token with all those it may look at (None: all), then treat each alone."""
        query, key, value = (
            mapped(x_BTD).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for mapped in (self.q_proj, self.k_proj, self.v_proj)
        )
        mixed_BHTA = F.scaled_dot_product_attention(query, key, value, attn_mask=seen_B1TS)
        x_BTD = self.attention_norm(x_BTD + self.o_proj(mixed_BHTA.transpose(1, 2).flatten(2)))
        return self.mlp_norm(x_BTD + self.down_proj(self.activation(self.up_proj(x_BTD))))


class Encoder(nn.Module):
    """Tokens in, a vector for each out; for whole texts a vector, or a score a class."""

    def __init__(self, settings: EncoderSettings) -> None:
        super().__init__()
        self.settings = settings
        self.compute_dtype: torch.dtype | None = None
        """What layers compute in; None: in the type of the weights."""
        self.recomputes_layers = False
        """Whether training keeps the input of each layer alone, and computes the layer again for its gradient."""
        width = settings.hidden_size
        self.embed_tokens = _table(settings.vocab_size, width)
        self.embed_positions = _table(settings.max_positions + settings.position_offset, width)
        self.embed_types = _table(settings.num_types, width)
        self.norm = LayerNorm(width, settings.norm_eps)
        self.layers = nn.ModuleList(EncoderLayer(settings) for _ in range(settings.num_layers))
        self.pooler = Linear(width, width, bias=True) if settings.labels else None
        self.classifier = Linear(width, len(settings.labels), bias=True) if settings.labels else None

    def forward(
        self,
        tokens_BT: Tensor,
        *,
        is_token_BT: Tensor | None = None,
        types_BT: Tensor | None = None,
        document_BT: Tensor | None = None,
    ) -> Tensor:
        """The vector of every token, BTD.

        Args:
            tokens_BT: token ids, shorter texts padded behind with anything.
            is_token_BT: bool, False for padding. None: there is none.
            types_BT: 0 for tokens of the first text, 1 for those of the second. None: all are of the first.
            document_BT: the number of the text each token belongs to, where several stand in a row: a token looks only
                at its own. None: a row is one text.
        """
        length = tokens_BT.shape[1]
        if document_BT is None and length > self.settings.max_positions:
            raise ConfigError(
                f"a text has {length} tokens, and the encoder reads {self.settings.max_positions}",
                hint="cut it into passages",
            )
        places = torch.arange(length, device=tokens_BT.device)
        seen_B1TS = None if is_token_BT is None else is_token_BT[:, None, None, :]
        if document_BT is not None:
            # What fills a row behind its texts is a document too, which may be longer than any text.
            places = places_in_documents(document_BT).clamp(max=self.settings.max_positions - 1)
            is_own_B1TS = (document_BT[:, :, None] == document_BT[:, None, :]).unsqueeze(1)
            seen_B1TS = is_own_B1TS if seen_B1TS is None else is_own_B1TS & seen_B1TS
        places = places + self.settings.position_offset
        types_BT = torch.zeros_like(tokens_BT) if types_BT is None else types_BT
        x_BTD = self.embed_tokens(tokens_BT) + self.embed_types(types_BT) + self.embed_positions(places)
        x_BTD = self.norm(x_BTD)
        x_BTD = x_BTD.to(self.compute_dtype or x_BTD.dtype)
        is_recomputed = self.recomputes_layers and torch.is_grad_enabled()
        for layer in self.layers:
            if is_recomputed:
                x_BTD = checkpoint(layer, x_BTD, seen_B1TS, use_reentrant=False)
            else:
                x_BTD = layer(x_BTD, seen_B1TS)
        return x_BTD

    def embed(self, tokens_BT: Tensor, *, is_token_BT: Tensor | None = None) -> Tensor:
        """A vector of length one for every text, BD; the product of two says how alike they are."""
        x_BTD = self(tokens_BT, is_token_BT=is_token_BT)
        if self.settings.pooling == "first":
            return F.normalize(x_BTD[:, 0], dim=-1)
        share_BT1 = (
            torch.ones_like(x_BTD[..., :1]) if is_token_BT is None else is_token_BT.unsqueeze(-1).to(x_BTD.dtype)
        )
        return F.normalize((x_BTD * share_BT1).sum(1), dim=-1)

    def classify(
        self, tokens_BT: Tensor, *, is_token_BT: Tensor | None = None, types_BT: Tensor | None = None
    ) -> Tensor:
        """Logits of ``settings.labels`` for every text, BC.

        Raises:
            ConfigError: it is no classifier.
        """
        if self.pooler is None or self.classifier is None:
            raise ConfigError("this encoder has no classes", hint="open one that was trained to classify")
        first_BD = self(tokens_BT, is_token_BT=is_token_BT, types_BT=types_BT)[:, 0]
        return self.classifier(torch.tanh(self.pooler(first_BD)))


def _table(rows: int, width: int) -> nn.Embedding:
    return nn.Embedding(rows, width, _weight=torch.empty(rows, width))
