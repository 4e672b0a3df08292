"""The decoder: Qwen3's shape (RMSNorm, RoPE, grouped-query attention, QK-norm, SwiGLU).

Axes: B batch, T new tokens, S keys looked at, D model width, H query heads, K key-value heads, A head width,
F SwiGLU width, V vocabulary.

Weights may be kept in float32 while ``compute_dtype`` is bfloat16 (training): every linear casts its weight.
Source: Yang et al. 2025 (Qwen3), arXiv:2505.09388, section 2.
"""

from __future__ import annotations

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from samovar.model.attention import attend
from samovar.model.settings import DecoderSettings


class Cache(Protocol):
    """Where a forward pass finds the keys and values of earlier tokens, and leaves those of the new ones."""

    positions_BT: Tensor
    """int64; the position of every new token."""
    mask_B1TS: Tensor | None
    """bool; True where a query may look. None: plain causal."""

    def update(self, layer: int, key_BKTA: Tensor, value_BKTA: Tensor) -> tuple[Tensor, Tensor]:
        """Store the new keys and values; give all that the queries may look at: BKSA."""
        ...


class Linear(nn.Linear):
    """A linear map whose weight is cast to the type of its input."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the map to the last axis."""
        return F.linear(x, self.weight.to(x.dtype))


class RMSNorm(nn.Module):
    """Root-mean-square normalisation over the last axis, computed in float32."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Normalise; the result has the type of ``x``."""
        return F.rms_norm(x.float(), self.weight.shape, self.weight.float(), self.eps).to(x.dtype)


def rotate(x_BHTA: Tensor, cos_BTA: Tensor, sin_BTA: Tensor) -> Tensor:
    """Rotary position embedding in the half-split form of Hugging Face."""
    first, second = x_BHTA.chunk(2, dim=-1)
    turned = torch.cat((-second, first), dim=-1)
    return x_BHTA * cos_BTA.unsqueeze(1) + turned * sin_BTA.unsqueeze(1)


class Attention(nn.Module):
    """Grouped-query attention with normalised queries and keys."""

    def __init__(self, settings: DecoderSettings, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.heads, self.kv_heads, self.head_dim = settings.num_heads, settings.num_kv_heads, settings.head_dim
        width = settings.hidden_size
        self.q_proj = Linear(width, self.heads * self.head_dim)
        self.k_proj = Linear(width, self.kv_heads * self.head_dim)
        self.v_proj = Linear(width, self.kv_heads * self.head_dim)
        self.o_proj = Linear(self.heads * self.head_dim, width)
        self.q_norm = RMSNorm(self.head_dim, settings.norm_eps)
        self.k_norm = RMSNorm(self.head_dim, settings.norm_eps)

    def forward(
        self,
        x_BTD: Tensor,
        cos_BTA: Tensor,
        sin_BTA: Tensor,
        mask_B1TS: Tensor | None,
        cache: Cache | None,
    ) -> Tensor:
        """Mix every token with those it may look at."""
        batch, length, _ = x_BTD.shape

        def split(x: Tensor, heads: int) -> Tensor:
            return x.view(batch, length, heads, self.head_dim)

        query_BHTA = self.q_norm(split(self.q_proj(x_BTD), self.heads)).transpose(1, 2)
        key_BKTA = self.k_norm(split(self.k_proj(x_BTD), self.kv_heads)).transpose(1, 2)
        value_BKTA = split(self.v_proj(x_BTD), self.kv_heads).transpose(1, 2)
        query_BHTA, key_BKTA = rotate(query_BHTA, cos_BTA, sin_BTA), rotate(key_BKTA, cos_BTA, sin_BTA)
        key, value = (key_BKTA, value_BKTA) if cache is None else cache.update(self.layer, key_BKTA, value_BKTA)
        mixed_BHTA = attend(query_BHTA, key, value, mask_B1TS)
        return self.o_proj(mixed_BHTA.transpose(1, 2).reshape(batch, length, -1))


class SwiGLU(nn.Module):
    """The gated feed-forward block (Shazeer 2020, arXiv:2002.05202)."""

    def __init__(self, settings: DecoderSettings) -> None:
        super().__init__()
        width, hidden = settings.hidden_size, settings.intermediate_size
        self.gate_proj = Linear(width, hidden)
        self.up_proj = Linear(width, hidden)
        self.down_proj = Linear(hidden, width)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Apply the block to every token alone."""
        return self.down_proj(F.silu(self.gate_proj(x_BTD)) * self.up_proj(x_BTD))


class Layer(nn.Module):
    """One decoder layer: attention, then SwiGLU, each behind a norm and beside a residual."""

    def __init__(self, settings: DecoderSettings, layer: int) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(settings.hidden_size, settings.norm_eps)
        self.self_attn = Attention(settings, layer)
        self.post_attention_layernorm = RMSNorm(settings.hidden_size, settings.norm_eps)
        self.mlp = SwiGLU(settings)

    def forward(
        self, x_BTD: Tensor, cos_BTA: Tensor, sin_BTA: Tensor, mask_B1TS: Tensor | None, cache: Cache | None
    ) -> Tensor:
        """Add what attention and the block find to the residual stream."""
        x_BTD = x_BTD + self.self_attn(self.input_layernorm(x_BTD), cos_BTA, sin_BTA, mask_B1TS, cache)
        return x_BTD + self.mlp(self.post_attention_layernorm(x_BTD))


class Decoder(nn.Module):
    """Tokens in, logits of the next token out."""

    def __init__(self, settings: DecoderSettings, *, compute_dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.settings = settings
        self.compute_dtype = compute_dtype
        table = torch.empty(settings.vocab_size, settings.hidden_size)
        if not table.is_meta:  # to fill a meta tensor torch imports its compiler: a second of every start
            nn.init.normal_(table)
        self.embed_tokens = nn.Embedding(settings.vocab_size, settings.hidden_size, _weight=table)
        self.layers = nn.ModuleList(Layer(settings, layer) for layer in range(settings.num_layers))
        self.norm = RMSNorm(settings.hidden_size, settings.norm_eps)
        self.lm_head = None if settings.tie_embeddings else Linear(settings.hidden_size, settings.vocab_size)
        cos_SA, sin_SA = _rotary_tables(settings)
        self.cos_SA: Tensor
        self.sin_SA: Tensor
        self.register_buffer("cos_SA", cos_SA, persistent=False)
        self.register_buffer("sin_SA", sin_SA, persistent=False)

    def hidden(self, tokens_BT: Tensor, *, cache: Cache | None = None, document_BT: Tensor | None = None) -> Tensor:
        """The normed residual stream after the last layer, BTD.

        Args:
            tokens_BT: token ids.
            cache: positions, mask, keys and values of earlier tokens; None attends causally within the batch's rows.
            document_BT: with no cache, the number of the document each token belongs to: a token looks only at
                its own document.
        """
        embedded_BTD = self.embed_tokens(tokens_BT)
        x_BTD = embedded_BTD.to(self.compute_dtype or embedded_BTD.dtype)
        length = tokens_BT.shape[1]
        if cache is not None:
            cos_BTA, sin_BTA = self.cos_SA[cache.positions_BT], self.sin_SA[cache.positions_BT]
            mask_B1TS = cache.mask_B1TS
        else:
            cos_BTA, sin_BTA = self.cos_SA[:length].unsqueeze(0), self.sin_SA[:length].unsqueeze(0)
            mask_B1TS = None if document_BT is None else _document_mask(document_BT)
        cos_BTA, sin_BTA = cos_BTA.to(x_BTD.dtype), sin_BTA.to(x_BTD.dtype)
        for layer in self.layers:
            x_BTD = layer(x_BTD, cos_BTA, sin_BTA, mask_B1TS, cache)
        return self.norm(x_BTD)

    def head(self, hidden: Tensor) -> Tensor:
        """Logits of ``hidden`` (any leading axes), in the type of ``hidden``."""
        if self.lm_head is not None:
            return self.lm_head(hidden)
        return F.linear(hidden, self.embed_tokens.weight.to(hidden.dtype))

    def forward(self, tokens_BT: Tensor, *, cache: Cache | None = None, document_BT: Tensor | None = None) -> Tensor:
        """Logits of the token after each, BTV."""
        return self.head(self.hidden(tokens_BT, cache=cache, document_BT=document_BT))


def _document_mask(document_BT: Tensor) -> Tensor:
    """True where the query's document is the key's and the key is not later: B1TS."""
    length = document_BT.shape[1]
    is_past_TS = torch.ones(length, length, dtype=torch.bool, device=document_BT.device).tril()
    return ((document_BT[:, :, None] == document_BT[:, None, :]) & is_past_TS).unsqueeze(1)


def _rotary_tables(settings: DecoderSettings) -> tuple[Tensor, Tensor]:
    """Cosines and sines of every position, float32, SA. Source: Su et al. 2021, arXiv:2104.09864."""
    # On the CPU even where the model is built on the meta device: loading has no other source for them.
    exponent = torch.arange(0, settings.head_dim, 2, dtype=torch.int64, device="cpu").float() / settings.head_dim
    frequency = 1.0 / settings.rope_theta**exponent
    angle = torch.outer(torch.arange(settings.max_positions, device="cpu").float(), frequency).repeat(1, 2)
    return angle.cos(), angle.sin()
