"""Whole prompts, captured as CUDA graphs as steps are.

Python takes longer to begin the kernels of a few thousand tokens, too, than the GPU to end them. A graph is of a
certain number of tokens; what a batch has less is padded behind its last prompt, where no prompt can see it.

Axes: N tokens of a graph, B prompts of a graph, D model width, J all heads of a token, O all query heads' numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from samovar.engine.batch import BLOCK_SIZE, PADDING_BLOCK, Batch
from samovar.engine.gpu.capture import capture
from samovar.model.attention import attend
from samovar.model.settings import DecoderSettings

MOST_TOKENS = 8192
_NUM_PROMPTS = (1, 4, 16, 64)
_FEWEST_TOKENS = 64


class PromptsShape(NamedTuple):
    """What one graph can hold."""

    num_tokens: int
    num_prompts: int
    longest: int
    """Tokens of a prompt, or of the padding."""


def shape_for(batch: Batch) -> PromptsShape | None:
    """Of the smallest graph that holds ``batch``; None where there is none, or not all of it are whole prompts."""
    num_tokens, num_prompts = len(batch.token_N), len(batch.context_B)
    if num_tokens > MOST_TOKENS or num_prompts > _NUM_PROMPTS[-1]:
        return None
    if not torch.equal(batch.query_start_B1.diff(), batch.context_B):
        return None
    # Four sizes to each doubling: beyond 256 tokens, at most a fifth of what is computed is padding.
    step = max(_FEWEST_TOKENS, _power_of_two(num_tokens) // 8)
    held = -(-num_tokens // step) * step
    # For every prompt, attention begins as many programs as the longest could need.
    longest = _power_of_two(max(batch.longest_context, held - num_tokens, _FEWEST_TOKENS)) if num_prompts > 1 else held
    return PromptsShape(held, next(size for size in _NUM_PROMPTS if size >= num_prompts), longest)


def _power_of_two(number: int) -> int:
    """The smallest that is no less."""
    return 1 << (number - 1).bit_length()


class PromptsInputs:
    """What whole prompts read on the GPU: int32, a row of 3 N + B + 2."""

    def __init__(self, input_I: Tensor, shape: PromptsShape) -> None:
        self.token_N, self.position_N, self.slot_N, self.start_B2 = input_I.split(
            [shape.num_tokens] * 3 + [shape.num_prompts + 2]
        )
        """``start_B2``: where each prompt begins, then the padding, and N."""


class PromptsAttention:
    """``Attend`` of whole prompts."""

    def __init__(self, settings: DecoderSettings, inputs: PromptsInputs, shape: PromptsShape) -> None:
        self._settings, self._inputs, self._shape = settings, inputs, shape

    def __call__(self, layer: int, heads_NJA: Tensor) -> Tensor:
        """Mix what every token may look at, NO."""
        settings, start_B2 = self._settings, self._inputs.start_B2
        parts = heads_NJA.split((settings.num_heads, settings.num_kv_heads, settings.num_kv_heads), dim=1)
        if self._shape.num_prompts == 1:
            # The padding stands behind the prompt, which so does not see it.
            query, key, value = (one.transpose(0, 1).unsqueeze(0) for one in parts)
            return attend(query, key, value, None, scale=settings.attention_scale)[0].transpose(0, 1).flatten(1)
        longest = self._shape.longest
        mixed_NHA = torch.ops.aten._flash_attention_forward(
            *parts, start_B2, start_B2, longest, longest, 0.0, True, False, scale=settings.attention_scale
        )[0]
        return mixed_NHA.flatten(1)


class CapturedPrompts:
    """The graph of one shape."""

    def __init__(
        self, compute: Callable[[PromptsInputs], Tensor], shape: PromptsShape, device: torch.device, pool: Any
    ) -> None:
        self._host_I = torch.zeros(3 * shape.num_tokens + shape.num_prompts + 2, dtype=torch.int32).pin_memory()
        self._host = PromptsInputs(self._host_I, shape)
        self._host.start_B2[1:] = shape.num_tokens
        self._input_I = self._host_I.to(device)
        self._is_copied = torch.cuda.Event()
        inputs = PromptsInputs(self._input_I, shape)
        self._graph, self._hidden_ND = capture(lambda: compute(inputs), device, pool)

    def run(self, batch: Batch) -> Tensor:
        """Hidden states of the batch, ND, padding behind them; until the next run."""
        host, count = self._host, len(batch.token_N)
        self._is_copied.synchronize()
        for place_N, own, padding in (
            (host.token_N, batch.token_N, 0),
            (host.position_N, batch.position_N, 0),
            (host.slot_N, batch.slot_N, PADDING_BLOCK * BLOCK_SIZE),
        ):
            place_N[:count] = own
            place_N[count:] = padding
        host.start_B2[: len(batch.query_start_B1)] = batch.query_start_B1
        host.start_B2[len(batch.query_start_B1) :] = len(host.token_N)
        self._input_I.copy_(self._host_I, non_blocking=True)
        self._is_copied.record()
        self._graph.replay()
        return self._hidden_ND
