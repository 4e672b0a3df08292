"""A decoder layer: attention and a feed-forward block around the residual stream, wired in one of a few ways.

Axes: B batch, T new tokens, S keys looked at, D model width, H query heads, K key-value heads, A head width.
"""

from __future__ import annotations

from torch import Tensor, nn

from samovar.model.attention import attend
from samovar.model.block_masks import attend_in_blocks
from samovar.model.document_attention import attend_documents
from samovar.model.experts import Experts
from samovar.model.forked_attention import attend_forked
from samovar.model.linear import Linear
from samovar.model.mlp import make_mlp
from samovar.model.norms import make_norm
from samovar.model.positions import rotate
from samovar.model.settings import DecoderSettings
from samovar.model.sight import Cache, Sight


class Attention(nn.Module):
    """Grouped-query attention (Ainslie et al. 2023, arXiv:2305.13245), queries and keys normed where the shape says."""

    def __init__(self, settings: DecoderSettings, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.heads, self.kv_heads, self.head_dim = settings.num_heads, settings.num_kv_heads, settings.head_dim
        self.scale, self.softcap, self.clip = settings.attention_scale, settings.score_softcap, settings.qkv_clip
        width, bias = settings.hidden_size, settings.attention_bias
        self.q_proj = Linear(width, self.heads * self.head_dim, bias=bias)
        self.k_proj = Linear(width, self.kv_heads * self.head_dim, bias=bias)
        self.v_proj = Linear(width, self.kv_heads * self.head_dim, bias=bias)
        self.o_proj = Linear(self.heads * self.head_dim, width, bias=settings.output_bias)
        self.q_norm = make_norm(settings, self.head_dim) if settings.qk_norm else None
        self.k_norm = make_norm(settings, self.head_dim) if settings.qk_norm else None

    def forward(self, x_BTD: Tensor, sight: Sight, cache: Cache | None) -> Tensor:
        """Mix every token with those it may look at."""
        batch, length, _ = x_BTD.shape
        query_BTHA = self._split(self.q_proj(x_BTD), self.heads)
        key_BTKA = self._split(self.k_proj(x_BTD), self.kv_heads)
        value_BKTA = self._split(self.v_proj(x_BTD), self.kv_heads).transpose(1, 2)
        if self.q_norm is not None and self.k_norm is not None:
            query_BTHA, key_BTKA = self.q_norm(query_BTHA), self.k_norm(key_BTKA)
        query_BHTA, key_BKTA = query_BTHA.transpose(1, 2), key_BTKA.transpose(1, 2)
        if sight.cos_BTA is not None and sight.sin_BTA is not None:
            query_BHTA = rotate(query_BHTA, sight.cos_BTA, sight.sin_BTA)
            key_BKTA = rotate(key_BKTA, sight.cos_BTA, sight.sin_BTA)
        if cache is not None:
            mixed_BHTA = cache.attend(
                self.layer, query_BHTA, key_BKTA, value_BKTA, sight.masks, scale=self.scale, softcap=self.softcap
            )
        elif sight.forked is not None:
            mixed_BHTA = attend_forked(query_BHTA, key_BKTA, value_BKTA, sight.forked, scale=self.scale)
        elif sight.document_BT is not None:
            mixed_BHTA = attend_documents(query_BHTA, key_BKTA, value_BKTA, sight.document_BT, scale=self.scale)
        elif sight.blocks is not None:
            mixed_BHTA = attend_in_blocks(
                query_BHTA, key_BKTA, value_BKTA, sight.blocks, scale=self.scale, softcap=self.softcap
            )
        else:
            mixed_BHTA = attend(
                query_BHTA, key_BKTA, value_BKTA, sight.masks[0], scale=self.scale, softcap=self.softcap
            )
        return self.o_proj(mixed_BHTA.transpose(1, 2).reshape(batch, length, -1))

    def _split(self, x_BTP: Tensor, heads: int) -> Tensor:
        """A projection, head by head."""
        if self.clip is not None:
            x_BTP = x_BTP.clamp(-self.clip, self.clip)
        return x_BTP.view(*x_BTP.shape[:2], heads, self.head_dim)


class Layer(nn.Module):
    """What layers of every wiring have."""

    def __init__(self, settings: DecoderSettings, layer: int) -> None:
        super().__init__()
        self.is_windowed = layer in settings.windowed_layers
        self.multiplier = settings.residual_multiplier
        self.input_layernorm = make_norm(settings)
        self.self_attn = Attention(settings, layer)
        self.mlp = Experts(settings) if layer in settings.expert_layers else make_mlp(settings)

    def _sized(self, output_BTD: Tensor) -> Tensor:
        """A block's output as it is added to the residual stream."""
        return output_BTD if self.multiplier == 1.0 else output_BTD * self.multiplier


class SequentialLayer(Layer):
    """Attention, then the feed-forward block, each behind a norm and beside the residual stream."""

    def __init__(self, settings: DecoderSettings, layer: int) -> None:
        super().__init__(settings, layer)
        self.post_attention_layernorm = make_norm(settings)

    def forward(self, x_BTD: Tensor, sight: Sight, cache: Cache | None) -> Tensor:
        """Add what attention and the block find to the residual stream."""
        x_BTD = x_BTD + self._sized(self.self_attn(self.input_layernorm(x_BTD), sight, cache))
        return x_BTD + self._sized(self.mlp(self.post_attention_layernorm(x_BTD)))


class SandwichLayer(SequentialLayer):
    """The same with a norm behind each as well (Gemma 2, arXiv:2408.00118, section 2)."""

    def __init__(self, settings: DecoderSettings, layer: int) -> None:
        super().__init__(settings, layer)
        self.attention_output_norm = make_norm(settings)
        self.mlp_output_norm = make_norm(settings)

    def forward(self, x_BTD: Tensor, sight: Sight, cache: Cache | None) -> Tensor:
        """Add what attention and the block find, normed, to the residual stream."""
        attended_BTD = self.self_attn(self.input_layernorm(x_BTD), sight, cache)
        x_BTD = x_BTD + self._sized(self.attention_output_norm(attended_BTD))
        return x_BTD + self._sized(self.mlp_output_norm(self.mlp(self.post_attention_layernorm(x_BTD))))


class ParallelLayer(Layer):
    """Attention and the feed-forward block on the same input, behind a norm of each's own or behind one for both.

    Source: Wang and Komatsuzaki 2021 (GPT-J), github.com/kingoflolz/mesh-transformer-jax.
    """

    def __init__(self, settings: DecoderSettings, layer: int) -> None:
        super().__init__(settings, layer)
        self.post_attention_layernorm = make_norm(settings) if settings.block == "parallel" else None

    def forward(self, x_BTD: Tensor, sight: Sight, cache: Cache | None) -> Tensor:
        """Add the sum of what attention and the block find to the residual stream."""
        normed_BTD = self.input_layernorm(x_BTD)
        for_mlp_BTD = normed_BTD if self.post_attention_layernorm is None else self.post_attention_layernorm(x_BTD)
        return x_BTD + self._sized(self.self_attn(normed_BTD, sight, cache) + self.mlp(for_mlp_BTD))


def run_layer(layer: nn.Module, x_BTD: Tensor, sight: Sight, cache: Cache | None) -> Tensor:
    """What ``layer`` gives: compiled, one function for all layers of a model."""
    found: Tensor = layer(x_BTD, sight, cache)
    return found


def make_layer(settings: DecoderSettings, layer: int) -> Layer:
    """The layer of this number."""
    if settings.block == "sequential":
        return SequentialLayer(settings, layer)
    return SandwichLayer(settings, layer) if settings.block == "sandwich" else ParallelLayer(settings, layer)
