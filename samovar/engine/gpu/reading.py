"""Attention of a batch in which prompts are read: each prompt by torch's fused kernels, decoded tokens by ours.

Axes: N tokens, J all heads of a token, H query heads, K key-value heads, A head width, T new tokens of a sequence, D
decoding sequences, B sequences, P blocks of a sequence, O all query heads' numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention.bias import causal_lower_right

from samovar.engine.batch import Batch, Memory
from samovar.engine.eager import gather
from samovar.engine.gpu.attention import attend_blocks, num_shares
from samovar.engine.transfer import to_device
from samovar.model.attention import attend
from samovar.model.settings import DecoderSettings
from samovar.model.sight import Places, layer_mask


class _Prompt(NamedTuple):
    """New tokens of one sequence."""

    start: int
    end: int
    places: Places
    table_1P: Tensor
    masks: tuple[Tensor | None, Tensor | None]
    """Of layers without a window, and of those with one."""


class _Together(NamedTuple):
    """Whole prompts of several sequences, which stand at the end of a batch."""

    start: int
    start_B1: Tensor
    """int32; where each begins behind ``start``, and where the last ends."""
    longest: int


class BatchAttention:
    """``Attend`` for one batch of any kind."""

    def __init__(self, settings: DecoderSettings, memory: Memory, batch: Batch, num_processors: int) -> None:
        """``batch`` lies on the processor: how long each sequence is must not be asked of the GPU."""
        self._settings, self._memory = settings, memory
        starts, contexts = batch.query_start_B1.tolist(), batch.context_B.tolist()
        spans = list(pairwise(starts))
        first = len(spans) if settings.windowed_layers else _first_whole(spans, contexts)
        self._together: _Together | None = None
        if len(spans) - first > 1 and memory.keys_LPKSA.dtype == torch.bfloat16 and settings.head_dim % 8 == 0:
            start_B1 = to_device(batch.query_start_B1[first:] - starts[first], memory.device)
            self._together = _Together(starts[first], start_B1, max(contexts[first:]))
            spans = spans[:first]
        decoding = [number for number, (start, end) in enumerate(spans) if end - start == 1]
        self._row_D: Tensor | None = None
        if decoding:
            self._row_D = to_device(batch.query_start_B1[decoding].long(), memory.device)
            self._table_BP = to_device(batch.block_table_BP[decoding], memory.device)
            self._context_B = to_device(batch.context_B[decoding], memory.device)
            self._shares = num_shares(len(decoding), settings.num_kv_heads, num_processors)
        self._prompts = [
            self._prompt(batch, number, *spans[number], contexts[number])
            for number in range(len(spans))
            if spans[number][1] - spans[number][0] > 1
        ]

    def __call__(self, layer: int, heads_NJA: Tensor) -> Tensor:
        """Mix what every token may look at, NO."""
        heads, kv_heads, width = self._settings.num_heads, self._settings.num_kv_heads, self._settings.head_dim
        is_windowed = layer in self._settings.windowed_layers
        scale = self._settings.attention_scale
        query_NHA = heads_NJA[:, :heads]
        mixed_NHA = torch.empty(len(heads_NJA), heads, width, dtype=heads_NJA.dtype, device=heads_NJA.device)
        if self._row_D is not None:
            mixed_NHA[self._row_D] = attend_blocks(
                *(query_NHA[self._row_D], self._memory, layer, self._table_BP.t(), self._context_B),
                scale=scale,
                window=self._settings.window if is_windowed else None,
                shares=self._shares,
            )
        for start, end, places, table_1P, masks in self._prompts:
            query_1HTA = query_NHA[start:end].transpose(0, 1).unsqueeze(0)
            if places.has_cache:
                key_1KSA, value_1KSA = gather(self._memory, layer, table_1P, places.num_keys, heads_NJA.dtype)
            else:
                key_1KSA, value_1KSA = (
                    heads_NJA[start:end, first : first + kv_heads].transpose(0, 1).unsqueeze(0)
                    for first in (heads, heads + kv_heads)
                )
            found_1HTA = _mixed(query_1HTA, key_1KSA, value_1KSA, masks[is_windowed], scale=scale)
            mixed_NHA[start:end] = found_1HTA[0].transpose(0, 1)
        if self._together is not None:
            start, start_B1, longest = self._together
            # Each layer would otherwise be as many launches as there are prompts, which take longer than short ones.
            mixed_NHA[start:] = torch.ops.aten._flash_attention_forward(
                *heads_NJA[start:].split((heads, kv_heads, kv_heads), dim=1),
                *(start_B1, start_B1, longest, longest, 0.0, True, False),
                scale=scale,
            )[0]
        return mixed_NHA.flatten(1)

    def _prompt(self, batch: Batch, number: int, start: int, end: int, context: int) -> _Prompt:
        device, length = self._memory.device, end - start
        places = Places(None, None, length, has_cache=False)
        if length < context:
            position_1T = torch.arange(context - length, context, device=device).unsqueeze(0)
            places = Places(position_1T, None, context, has_cache=True)
        masks = tuple(layer_mask(places, device, window=window) for window in (None, self._settings.window))
        table_1P = to_device(batch.block_table_BP[number : number + 1], device)
        return _Prompt(start, end, places, table_1P, (masks[0], masks[1]))


def _first_whole(spans: Sequence[tuple[int, int]], contexts: Sequence[int]) -> int:
    """The number of the first sequence from which on all are prompts of which nothing was read before."""
    first = len(spans)
    while first and 1 < contexts[first - 1] == spans[first - 1][1] - spans[first - 1][0]:
        first -= 1
    return first


def _mixed(
    query_1HTA: Tensor, key_1KSA: Tensor, value_1KSA: Tensor, mask_11TS: Tensor | None, *, scale: float
) -> Tensor:
    """Attention of one sequence, 1HTA; without a mask its queries are the last tokens, and see all up to themselves."""
    (heads, length), (kv_heads, num_keys) = query_1HTA.shape[1:3], key_1KSA.shape[1:3]
    if mask_11TS is None and length == num_keys:
        return attend(query_1HTA, key_1KSA, value_1KSA, None, scale=scale)
    if mask_11TS is None and query_1HTA.dtype != torch.float32:
        return F.scaled_dot_product_attention(
            query_1HTA,
            key_1KSA,
            value_1KSA,
            attn_mask=causal_lower_right(length, num_keys),
            scale=scale,
            enable_gqa=heads != kv_heads,
        )
    if mask_11TS is None:
        ones_TS = torch.ones(length, num_keys, dtype=torch.bool, device=query_1HTA.device)
        mask_11TS = ones_TS.tril(num_keys - length)[None, None]
    # With a mask and shared keys, torch would write all scores out.
    key_1HSA, value_1HSA = (one.repeat_interleave(heads // kv_heads, dim=1) for one in (key_1KSA, value_1KSA))
    return attend(query_1HTA, key_1HSA, value_1HSA, mask_11TS, scale=scale)
