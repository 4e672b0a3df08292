"""The decoder: one class for all families, by default Qwen3's shape.

Axes: B batch, T new tokens, S keys looked at, D model width, H query heads, A head width, V vocabulary.

Weights may be kept in float32 while ``compute_dtype`` is bfloat16 (training): every linear casts its weight.
Source: Yang et al. 2025 (Qwen3), arXiv:2505.09388, section 2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from samovar.core.errors import ConfigError
from samovar.model.block_masks import block_mask
from samovar.model.layers import make_layer, run_layer
from samovar.model.linear import Linear, NormedHead, cast_and_multiply
from samovar.model.native import attends_natively
from samovar.model.norms import make_norm
from samovar.model.positions import Alibi, Rotary, places_in_documents
from samovar.model.settings import DecoderSettings
from samovar.model.sight import Branches, Cache, Forked, Places, Sight, document_mask, layer_mask

if TYPE_CHECKING:
    from torch.nn.attention.flex_attention import BlockMask


class Decoder(nn.Module):
    """Tokens in, logits of the next token out."""

    multiply: Callable[..., Tensor] = staticmethod(cast_and_multiply)
    """As that of ``Linear``, for a head that is the embedding table."""

    def __init__(self, settings: DecoderSettings, *, compute_dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.settings = settings
        self.compute_dtype = compute_dtype
        self.folder: Path | None = None
        """Where its weights were read."""
        self.is_compiled = False
        """Whether training compiles it: what it does with the hidden states is then compiled too."""
        self.compiled_layer: Callable[[nn.Module, Tensor, Sight, Cache | None], Tensor] | None = None
        """``run_layer`` compiled, in training."""
        self.recomputes_layers = False
        """Whether training keeps the input of each layer alone, and computes the layer again for its gradient (Chen et
        al. 2016, arXiv:1604.06174)."""
        self.embed_tokens = _table(settings.vocab_size, settings.hidden_size)
        self.embed_positions: nn.Embedding | None = None
        if settings.position == "learned":
            self.embed_positions = _table(settings.max_positions + settings.position_offset, settings.hidden_size)
        self.layers = nn.ModuleList(make_layer(settings, layer) for layer in range(settings.num_layers))
        self.norm = make_norm(settings)
        self.lm_head = _head(settings)
        self.rotary: Rotary | None = None
        self.local_rotary: Rotary | None = None
        if settings.position == "rope":
            self.rotary = Rotary(settings, settings.rope_theta, settings.rope_scaling)
            if settings.local_rope_theta is not None:
                self.local_rotary = Rotary(settings, settings.local_rope_theta, None)
        self.alibi = Alibi(settings) if settings.position == "alibi" else None

    def hidden(
        self,
        tokens_BT: Tensor,
        *,
        cache: Cache | None = None,
        document_BT: Tensor | None = None,
        branches: Branches | None = None,
    ) -> Tensor:
        """The normed residual stream after the last layer, BTD.

        Args:
            tokens_BT: token ids.
            cache: positions, mask, keys and values of earlier tokens; None attends causally within the batch's rows.
            document_BT: with no cache, the number of the document each token belongs to: a token looks only at
                its own document.
            branches: with documents, which of them fork into several ends after a common beginning.
        Raises:
            ConfigError: with no cache, the rows are longer than ``max_positions``, and do not say by ``branches`` where
                their tokens stand to attention that knows forks.
        """
        is_forked = document_BT is not None and branches is not None and self.attends_forks
        if cache is None and not is_forked and tokens_BT.shape[1] > self.settings.max_positions:
            raise ConfigError(
                f"rows of {tokens_BT.shape[1]} tokens are longer than the {self.settings.max_positions} of the model",
                hint="lower the context in the recipe",
            )
        if cache is None:
            is_native = branches is None and self._attends_natively(has_documents=document_BT is not None)
            is_unmasked = self._attends_in_blocks or is_forked or (is_native and not self.settings.windowed_layers)
            groups: Sequence[Places] = [self._places(tokens_BT, document_BT, branches, is_unmasked=is_unmasked)]
            positions_BT = groups[0].positions_BT
        else:
            groups, positions_BT = cache.groups, cache.positions_BT
        x_BTD = self._embed(tokens_BT, positions_BT)

        def sight_of(*, is_windowed: bool) -> Sight:
            if cache is None and self._attends_in_blocks:
                blocks = self._blocks(tokens_BT, document_BT, branches, is_windowed=is_windowed)
                return self._sight(x_BTD, positions_BT, (None,), is_windowed=is_windowed)._replace(blocks=blocks)
            window = self.settings.window if is_windowed else None
            masks = tuple(layer_mask(places, x_BTD.device, window=window, alibi=self.alibi) for places in groups)
            return self._sight(x_BTD, positions_BT, masks, is_windowed=is_windowed)

        sight = local_sight = sight_of(is_windowed=False)
        if self.settings.windowed_layers:
            local_sight = sight_of(is_windowed=True)
        if document_BT is not None and branches is not None and self._knows_forks:
            sight = sight._replace(masks=(None,), forked=Forked(document_BT, branches.branch_BT))
        elif cache is None and is_native:
            whole_BT = torch.zeros_like(tokens_BT) if document_BT is None else document_BT
            sight = sight._replace(masks=(None,), document_BT=whole_BT.int())
        is_recomputed = self.recomputes_layers and torch.is_grad_enabled()
        run = run_layer if cache is not None or self.compiled_layer is None else self.compiled_layer
        for layer in self.layers:
            its_sight = local_sight if layer.is_windowed else sight
            if is_recomputed:
                x_BTD = checkpoint(run, layer, x_BTD, its_sight, cache, use_reentrant=False)
            else:
                x_BTD = run(layer, x_BTD, its_sight, cache)
        return self.norm(x_BTD)

    def head(self, hidden: Tensor) -> Tensor:
        """Logits of ``hidden`` (any leading axes), in the type of ``hidden``."""
        if self.lm_head is not None:
            logits = self.lm_head(hidden)
        else:
            logits = self.multiply(hidden, self.embed_tokens.weight)
        if self.settings.logit_divisor != 1.0:
            logits = logits / self.settings.logit_divisor
        if self.settings.logit_softcap is not None:
            logits = self.settings.logit_softcap * torch.tanh(logits / self.settings.logit_softcap)
        return logits

    def forward(self, tokens_BT: Tensor, *, cache: Cache | None = None, document_BT: Tensor | None = None) -> Tensor:
        """Logits of the token after each, BTV."""
        return self.head(self.hidden(tokens_BT, cache=cache, document_BT=document_BT))

    def _places(
        self, tokens_BT: Tensor, document_BT: Tensor | None, branches: Branches | None, *, is_unmasked: bool
    ) -> Places:
        """Where tokens and keys stand without a cache."""
        length = tokens_BT.shape[1]
        if document_BT is None:
            return Places(None, None, length, has_cache=False)
        mask_B1TS = None if is_unmasked else document_mask(document_BT, branches)
        if branches is not None:
            return Places(branches.position_BT, mask_B1TS, length, has_cache=False)
        # Rotation tells distances alone: it need not begin anew with every document.
        positions_BT = None if self.rotary is not None else places_in_documents(document_BT)
        return Places(positions_BT, mask_B1TS, length, has_cache=False)

    def _attends_natively(self, *, has_documents: bool) -> bool:
        """Whether layers without windows take their attention document by document: in training, and wherever a mask
        would tell documents apart, on a processor."""
        table = self.embed_tokens.weight
        is_known = table.is_cpu and (self.compute_dtype or table.dtype) in (torch.float32, torch.bfloat16)
        gains = has_documents or (self.training and torch.is_grad_enabled())
        return is_known and gains and attends_natively(self.settings)

    @property
    def _attends_in_blocks(self) -> bool:
        """Whether layers take masks by blocks, not over whole rows: compiled on a GPU, where they are fast with such
        masks alone. A bias for distance they do not take so."""
        return self.compiled_layer is not None and self.embed_tokens.weight.is_cuda and self.alibi is None

    def _blocks(
        self, tokens_BT: Tensor, document_BT: Tensor | None, branches: Branches | None, *, is_windowed: bool
    ) -> BlockMask | None:
        """The mask of windowed layers, or of all others; None where plain causal attention is all they need."""
        window = self.settings.window if is_windowed else None
        if document_BT is None and window is None and self.settings.score_softcap is None:
            return None
        length = tokens_BT.shape[1]
        return block_mask(length, tokens_BT.device, document_BT=document_BT, branches=branches, window=window)

    @property
    def attends_forks(self) -> bool:
        """Whether all layers do without a mask over rows whose documents fork, so that rows may be of any length."""
        return self._knows_forks and not self.settings.windowed_layers

    @property
    def _knows_forks(self) -> bool:
        """Whether layers without windows do."""
        return self.norm.weight.is_cpu and self.alibi is None and self.settings.score_softcap is None

    def _embed(self, tokens_BT: Tensor, positions_BT: Tensor | None) -> Tensor:
        """What goes into the first layer, BTD."""
        embedded_BTD = self.embed_tokens(tokens_BT)
        x_BTD = embedded_BTD.to(self.compute_dtype or embedded_BTD.dtype)
        if self.settings.embedding_multiplier != 1.0:
            # Rounded to the type of the activations first, as models of this kind were trained.
            x_BTD = x_BTD * torch.tensor(self.settings.embedding_multiplier, dtype=x_BTD.dtype, device=x_BTD.device)
        if self.embed_positions is None:
            return x_BTD
        if positions_BT is None:
            positions_BT = torch.arange(tokens_BT.shape[1], device=tokens_BT.device)
        return x_BTD + self.embed_positions(positions_BT + self.settings.position_offset).to(x_BTD.dtype)

    def _sight(
        self, x_BTD: Tensor, positions_BT: Tensor | None, masks: tuple[Tensor | None, ...], *, is_windowed: bool
    ) -> Sight:
        """What windowed layers, or all others, are told of places."""
        rotary = (self.local_rotary or self.rotary) if is_windowed else self.rotary
        if rotary is None:
            return Sight(None, None, masks)
        cos_BTA, sin_BTA = rotary(positions_BT, x_BTD.shape[1], x_BTD)
        return Sight(cos_BTA, sin_BTA, masks)


def _table(rows: int, width: int) -> nn.Embedding:
    table = torch.empty(rows, width)
    if not table.is_meta:  # to fill a meta tensor torch imports its compiler: a second of every start
        nn.init.normal_(table)
    return nn.Embedding(rows, width, _weight=table)


def _head(settings: DecoderSettings) -> Linear | None:
    """The output head; None where it is the embedding table."""
    if settings.tie_embeddings:
        return None
    kind = NormedHead if settings.normed_head else Linear
    return kind(settings.hidden_size, settings.vocab_size, bias=settings.head_bias)
