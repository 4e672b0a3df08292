"""The encoder: one class for all families, by default BERT's shape. It opens as an embedder and as a classifier.

Axes: B batch, T tokens, S tokens looked at, D model width, N texts, C classes.

Source: Devlin et al. 2019, arXiv:1810.04805, section 3; where families differ, the files in ``encoders/`` say so.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from samovar.core.errors import ConfigError
from samovar.model.encoder_attention import Distances, EncoderAttention, Look, kinds_of_distances
from samovar.model.encoder_settings import EncoderSettings, Pooling
from samovar.model.linear import Linear
from samovar.model.mlp import activation, make_mlp
from samovar.model.norms import LayerNorm
from samovar.model.positions import Rotary, places_in_documents


class EncoderLayer(nn.Module):
    """Attention and the feed-forward block, each beside a residual and behind or before a norm."""

    def __init__(self, settings: EncoderSettings, number: int) -> None:
        super().__init__()
        shape = settings.decoder_of_its_size
        self.is_pre_norm = settings.block == "pre"
        self.is_windowed = number in settings.windowed_layers
        self.self_attn = EncoderAttention(shape)
        # What comes from the embedding is normed already.
        self.attention_norm = None if self.is_pre_norm and number == 0 else _norm(settings)
        self.mlp = make_mlp(shape)
        self.mlp_norm = _norm(settings)

    def forward(self, x_BTD: Tensor, look: Look) -> Tensor:
        """Mix every token with those it may look at, then treat each alone."""
        if self.is_pre_norm:
            normed_BTD = x_BTD if self.attention_norm is None else self.attention_norm(x_BTD)
            x_BTD = x_BTD + self.self_attn(normed_BTD, look)
            return x_BTD + self.mlp(self.mlp_norm(x_BTD))
        assert self.attention_norm is not None  # the first layer too has one
        x_BTD = self.attention_norm(x_BTD + self.self_attn(x_BTD, look))
        return self.mlp_norm(x_BTD + self.mlp(x_BTD))


class ClassHead(nn.Module):
    """What stands for a text in, logits of classes out."""

    def __init__(self, settings: EncoderSettings) -> None:
        super().__init__()
        width = settings.hidden_size
        self.dense = Linear(width, width, bias=settings.head_bias)
        self.norm = _norm(settings) if settings.head_norm else None
        self.out = Linear(width, len(settings.labels), bias=True)
        name = settings.head_activation
        self.activation = torch.tanh if name == "tanh" else activation(name)

    def forward(self, x_ND: Tensor) -> Tensor:
        """Logits, NC."""
        x_ND = self.activation(self.dense(x_ND))
        return self.out(x_ND if self.norm is None else self.norm(x_ND))


class Encoder(nn.Module):
    """Tokens in, a vector for each out; for whole texts a vector, or a score a class."""

    def __init__(self, settings: EncoderSettings) -> None:
        super().__init__()
        self.settings = settings
        self.compute_dtype: torch.dtype | None = None
        """What layers compute in; None: in the type of the weights."""
        self.recomputes_layers = False
        """Whether training keeps the input of each layer alone, and computes the layer again for its gradient."""
        width, narrow = settings.hidden_size, settings.table_width
        by = settings.position
        self.embed_tokens = _table(settings.vocab_size, narrow)
        positions = settings.max_positions + settings.position_offset
        self.embed_positions = _table(positions, narrow) if by == "learned" else None
        self.embed_types = _table(settings.num_types, narrow) if settings.num_types else None
        self.norm = _norm(settings, narrow)
        self.embed_map = Linear(narrow, width, bias=True) if narrow != width else None
        self.embed_distances = _table(2 * settings.num_buckets, width) if by == "distance" else None
        self.distance_norm = _norm(settings) if by == "distance" else None
        if by == "rope":
            shape = settings.decoder_of_its_size
            self.rotary = Rotary(shape, settings.rope_theta, None)
            self.local_rotary = Rotary(shape, settings.local_rope_theta, None)
        self.layers = nn.ModuleList(EncoderLayer(settings, number) for number in range(settings.num_layers))
        self.final_norm = _norm(settings) if settings.block == "pre" else None
        self.head = ClassHead(settings) if settings.labels else None

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
        places_BT = torch.arange(length, device=tokens_BT.device).unsqueeze(0)
        seen_B1TS = None if is_token_BT is None else is_token_BT[:, None, None, :]
        if document_BT is not None:
            # What fills a row behind its texts is a document too, which may be longer than any text.
            places_BT = places_in_documents(document_BT).clamp(max=self.settings.max_positions - 1)
            is_own_B1TS = (document_BT[:, :, None] == document_BT[:, None, :]).unsqueeze(1)
            seen_B1TS = is_own_B1TS if seen_B1TS is None else is_own_B1TS & seen_B1TS
        x_BTD = self._embed(tokens_BT, places_BT, types_BT)
        look = self._look(x_BTD, places_BT, seen_B1TS)
        local_look = self._local_look(x_BTD, places_BT, seen_B1TS) if self.settings.windowed_layers else look
        is_recomputed = self.recomputes_layers and torch.is_grad_enabled()
        for layer in self.layers:
            its_look = local_look if layer.is_windowed else look
            if is_recomputed:
                x_BTD = checkpoint(layer, x_BTD, its_look, use_reentrant=False)
            else:
                x_BTD = layer(x_BTD, its_look)
        return x_BTD if self.final_norm is None else self.final_norm(x_BTD)

    def embed(self, tokens_BT: Tensor, *, is_token_BT: Tensor | None = None) -> Tensor:
        """A vector of length one for every text, BD; the product of two says how alike they are."""
        x_BTD = self(tokens_BT, is_token_BT=is_token_BT)
        return F.normalize(_pooled(x_BTD, is_token_BT, self.settings.pooling), dim=-1)

    def classify(
        self, tokens_BT: Tensor, *, is_token_BT: Tensor | None = None, types_BT: Tensor | None = None
    ) -> Tensor:
        """Logits of ``settings.labels`` for every text, BC.

        Raises:
            ConfigError: it is no classifier.
        """
        if self.head is None:
            raise ConfigError("this encoder has no classes", hint="open one that was trained to classify")
        x_BTD = self(tokens_BT, is_token_BT=is_token_BT, types_BT=types_BT)
        return self.head(_pooled(x_BTD, is_token_BT, self.settings.head_pooling))

    def _embed(self, tokens_BT: Tensor, places_BT: Tensor, types_BT: Tensor | None) -> Tensor:
        x_BTD = self.embed_tokens(tokens_BT)
        if self.embed_types is not None:
            x_BTD = x_BTD + self.embed_types(torch.zeros_like(tokens_BT) if types_BT is None else types_BT)
        if self.embed_positions is not None:
            x_BTD = x_BTD + self.embed_positions(places_BT + self.settings.position_offset)
        x_BTD = self.norm(x_BTD)
        x_BTD = x_BTD.to(self.compute_dtype or x_BTD.dtype)
        return x_BTD if self.embed_map is None else self.embed_map(x_BTD)

    def _look(self, x_BTD: Tensor, places_BT: Tensor, seen_B1TS: Tensor | None) -> Look:
        """What layers that see whole texts are told."""
        if self.settings.position == "rope":
            return Look(seen_B1TS, self.rotary(places_BT, x_BTD.shape[1], x_BTD))
        if self.embed_distances is None or self.distance_norm is None:
            return Look(seen_B1TS)
        # Of texts in one row too: those of one text stand as far from each other as they would alone.
        kind_TS = kinds_of_distances(
            x_BTD.shape[1], self.settings.num_buckets, self.settings.max_distance, x_BTD.device
        )
        return Look(seen_B1TS, distances=Distances(self.distance_norm(self.embed_distances.weight), kind_TS))

    def _local_look(self, x_BTD: Tensor, places_BT: Tensor, seen_B1TS: Tensor | None) -> Look:
        """What windowed layers are told."""
        assert self.settings.window is not None  # the settings see to it
        place_T = torch.arange(x_BTD.shape[1], device=x_BTD.device)
        distance_TS = (place_T[:, None] - place_T[None, :]).abs()
        near_B1TS = (distance_TS <= self.settings.window)[None, None]
        if seen_B1TS is not None:
            # Padding far behind its text sees itself: softmax over nothing is no number, and taints what sees that.
            near_B1TS = near_B1TS & seen_B1TS | (distance_TS == 0)
        return Look(near_B1TS, self.local_rotary(places_BT, x_BTD.shape[1], x_BTD))


def _pooled(x_BTD: Tensor, is_token_BT: Tensor | None, pooling: Pooling) -> Tensor:
    """What stands for each text, BD."""
    if pooling == "first":
        return x_BTD[:, 0]
    if is_token_BT is None:
        return x_BTD.mean(1)
    share_BT1 = is_token_BT.unsqueeze(-1).to(x_BTD.dtype)
    return (x_BTD * share_BT1).sum(1) / share_BT1.sum(1)


def _norm(settings: EncoderSettings, width: int | None = None) -> LayerNorm:
    return LayerNorm(width or settings.hidden_size, settings.norm_eps, bias=settings.norm_bias)


def _table(rows: int, width: int) -> nn.Embedding:
    return nn.Embedding(rows, width, _weight=torch.empty(rows, width))
