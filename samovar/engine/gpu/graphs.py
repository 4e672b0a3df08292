"""Steps in which every sequence has one token, captured once as a CUDA graph and replayed.

A step of few tokens is hundreds of kernels of a few microseconds each, and Python takes longer to begin one than the
GPU to end it. A graph begins them all at once. It reads its input from where it read it when it was captured, and is
of a certain number of sequences: there is one for each bucket, and what a batch has less is padded. Whole prompts are
captured too (``prompts.py``); what is neither is computed kernel by kernel.

Axes: N tokens, B sequences of a bucket, P blocks of a sequence, I numbers of a sequence in the input (4 + P), R rows
wanted, D model width, V vocabulary, H query heads, K key-value heads, A head width, O all query heads' numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from samovar.engine.batch import BLOCK_SIZE, PADDING_BLOCK, Batch, Memory
from samovar.engine.cache import blocks_for, write
from samovar.engine.eager import EagerForward
from samovar.engine.gpu import fused
from samovar.engine.gpu.attention import attend_blocks, num_shares
from samovar.engine.gpu.capture import capture
from samovar.engine.gpu.prompts import CapturedPrompts, PromptsAttention, PromptsInputs, PromptsShape, shape_for
from samovar.engine.gpu.reading import BatchAttention
from samovar.engine.transfer import to_device
from samovar.model.adapters.bank import AdapterBank
from samovar.model.decoder import Decoder
from samovar.model.int8 import Int8Linear
from samovar.model.linear import Linear
from samovar.model.sight import Places

LARGEST_BUCKET = 512
_TOKEN, _POSITION, _SLOT, _CONTEXT, _BLOCKS = range(5)
"""Rows of a graph's input; blocks are all from the last on."""


def bucket_of(num_sequences: int) -> int:
    """Sequences of the smallest graph that holds so many: 1, 2, 4, 8, then in steps of a quarter to a half."""
    for largest, step in ((8, 0), (32, 8), (64, 16), (LARGEST_BUCKET, 32)):
        if num_sequences <= largest:
            return -(-num_sequences // step) * step if step else 1 << (num_sequences - 1).bit_length()
    raise AssertionError("the batch is beyond the largest bucket")


class GraphForward:
    """``Forward`` on a GPU."""

    def __init__(
        self, model: Decoder, memory: Memory, adapters: AdapterBank | None = None, *, is_fused: bool = True
    ) -> None:
        """Nothing is captured before it is needed.

        Args:
            model: on a GPU.
            memory: the cache, there too.
            adapters: that sequences may name; they are computed the eager way.
            is_fused: whether our kernels stand between the products where they can; else torch's do.
        """
        self.model, self.memory = model, memory
        self._eager = EagerForward(model, memory, adapters)
        self._num_processors = torch.cuda.get_device_properties(memory.device).multi_processor_count
        self.fused = fused.FusedDecoder(model, memory) if is_fused and not fused.objection(model, memory) else None
        """None where the decoder's own layers are computed."""
        self.is_captured = self.fused is not None or not objection(model)
        """Whether steps are captured at all."""
        for rotary in (model.rotary, model.local_rotary):
            if rotary is not None:  # while a graph is captured nothing can be copied from the processor
                rotary.frequency_R = rotary.frequency_R.to(memory.device)
        self.captures_prompts = (
            self.fused is not None
            and not model.settings.windowed_layers
            and memory.keys_LPKSA.dtype == torch.bfloat16
            and model.settings.head_dim % 8 == 0
        )
        """Whether whole prompts are: those that torch's fused attention knows."""
        self._steps: dict[int, _CapturedStep] = {}
        self._prompts: dict[PromptsShape, CapturedPrompts] = {}
        self._seen: set[PromptsShape] = set()
        self._pool = torch.cuda.graph_pool_handle()

    def hidden(self, batch: Batch) -> Tensor:
        """Store the new tokens' keys and values; give the normed hidden states of ``row_R``, RD.

        What is given is overwritten by the next batch.
        """
        if batch.adapters is not None:
            return self._eager.hidden(batch)
        if self.is_captured and _is_step(batch):
            return self._step_for(batch).run(batch)
        if self.fused is None:
            return self._eager.hidden(batch)
        device = self.memory.device
        shape = shape_for(batch) if self.captures_prompts else None
        if shape is not None and self._is_worth_a_graph(shape):
            return self._prompts_for(shape).run(batch)[to_device(batch.row_R, device)]
        position_N, slot_N = (to_device(one, device) for one in (batch.position_N, batch.slot_N))
        row_R = to_device(batch.row_R, device)
        attend = BatchAttention(self.model.settings, self.memory, batch, self._num_processors)
        return self.fused.hidden(batch.tokens_on(device), position_N, slot_N, attend)[row_R]

    def logits(self, batch: Batch) -> Tensor:
        """The same, and on through the head: float32, RV."""
        # The head is begun while the graph runs, so that there is nothing to win by capturing it.
        return self.model.head(self.hidden(batch)).float()

    def greedy(self, batch: Batch, num_ids: int) -> Tensor:
        """The same, and of each row the likeliest of the first ``num_ids`` tokens: int64, R."""
        return self.model.head(self.hidden(batch))[:, :num_ids].argmax(-1)

    def _step_for(self, batch: Batch) -> _CapturedStep:
        bucket = bucket_of(len(batch.context_B))
        if bucket not in self._steps:
            settings = self.model.settings
            self._steps[bucket] = _CapturedStep(
                *(self._compute, self.memory, bucket),
                columns=min(self.memory.num_blocks, blocks_for(settings.max_positions)),
                shares=num_shares(bucket, settings.num_kv_heads, self._num_processors),
                pool=self._pool,
            )
        return self._steps[bucket]

    def _is_worth_a_graph(self, shape: PromptsShape) -> bool:
        """From the second time on: to capture takes as long as to read several times, and there are many shapes."""
        is_known = shape in self._seen
        self._seen.add(shape)
        return is_known

    def _prompts_for(self, shape: PromptsShape) -> CapturedPrompts:
        def compute(inputs: PromptsInputs) -> Tensor:
            assert self.fused is not None
            attend = PromptsAttention(self.model.settings, inputs, shape)
            return self.fused.hidden(inputs.token_N, inputs.position_N, inputs.slot_N, attend)

        if shape not in self._prompts:
            self._prompts[shape] = CapturedPrompts(compute, shape, self.memory.device, self._pool)
        return self._prompts[shape]

    def _compute(self, inputs: StepInputs) -> Tensor:
        """Hidden states of a step's tokens, BD."""
        attend = StepAttention(self.model, self.memory, inputs)
        if self.fused is not None:
            return self.fused.hidden(inputs.token_B, inputs.position_B, inputs.slot_B, attend)
        return self.model.hidden(inputs.token_B.unsqueeze(0), cache=attend)[0]


class StepInputs:
    """What a step reads on the GPU: a column a sequence."""

    def __init__(self, input_IB: Tensor, shares: int) -> None:
        self.token_B, self.position_B, self.slot_B, self.context_B = input_IB[:_BLOCKS]
        self.table_PB = input_IB[_BLOCKS:]
        self.shares = shares


class _Compute(Protocol):
    def __call__(self, inputs: StepInputs) -> Tensor: ...


class StepAttention:
    """Attention of one token a sequence: ``Attend`` for our layers, and ``model.sight.Cache`` for the decoder's own."""

    groups: Sequence[Places] = ()

    def __init__(self, model: Decoder, memory: Memory, inputs: StepInputs) -> None:
        self._settings, self._memory, self._inputs = model.settings, memory, inputs
        self.positions_BT = inputs.position_B.long().unsqueeze(0)
        self._slot_B = inputs.slot_B.long()

    def __call__(self, layer: int, heads_NJA: Tensor) -> Tensor:
        """Mix what every token may look at, NO."""
        query_BHA = heads_NJA[:, : self._settings.num_heads]
        return self._mixed(layer, query_BHA, scale=self._settings.attention_scale, softcap=None).flatten(1)

    def attend(
        self,
        layer: int,
        query_BHTA: Tensor,
        key_BKTA: Tensor,
        value_BKTA: Tensor,
        masks: Sequence[Tensor | None],
        *,
        scale: float,
        softcap: float | None,
    ) -> Tensor:
        """Store the new keys and values; mix what the queries may look at, 1HNA."""
        write(self._memory, layer, self._slot_B, key_BKTA[0].transpose(0, 1), value_BKTA[0].transpose(0, 1))
        query_BHA = query_BHTA[0].transpose(0, 1).contiguous()
        return self._mixed(layer, query_BHA, scale=scale, softcap=softcap).transpose(0, 1).unsqueeze(0)

    def _mixed(self, layer: int, query_BHA: Tensor, *, scale: float, softcap: float | None) -> Tensor:
        inputs, settings = self._inputs, self._settings
        return attend_blocks(
            *(query_BHA, self._memory, layer, inputs.table_PB, inputs.context_B),
            scale=scale,
            softcap=softcap,
            window=settings.window if layer in settings.windowed_layers else None,
            shares=inputs.shares,
        )


class _CapturedStep:
    """The graph of one bucket."""

    def __init__(self, compute: _Compute, memory: Memory, bucket: int, *, columns: int, shares: int, pool: Any) -> None:
        """Capture ``compute``; ``columns``: blocks of a sequence, at most."""
        device = memory.device
        self._host_IB = torch.zeros(_BLOCKS + columns, bucket, dtype=torch.int32).pin_memory()
        self._host_IB[_CONTEXT] = 1
        self._array_IB = self._host_IB.numpy()
        self._input_IB = self._host_IB.to(device)
        self._is_copied = torch.cuda.Event()
        inputs = StepInputs(self._input_IB, shares)
        self._graph, self._hidden_BD = capture(lambda: compute(inputs), device, pool)

    def run(self, batch: Batch) -> Tensor:
        """Hidden states of the batch, ND, until the next run."""
        count, num_blocks = len(batch.context_B), -(-batch.longest_context // BLOCK_SIZE)
        self._is_copied.synchronize()
        array_IB, used = self._array_IB, _BLOCKS + num_blocks
        rows = (
            (_TOKEN, batch.token_N),
            (_POSITION, batch.position_N),
            (_SLOT, batch.slot_N),
            (_CONTEXT, batch.context_B),
        )
        for row, own in rows:
            array_IB[row, :count] = own.numpy()
        array_IB[_BLOCKS:used, :count] = batch.block_table_BP[:, :num_blocks].numpy().T
        # The rest write to the block that nobody reads, and see one token there.
        array_IB[:_CONTEXT, count:] = 0
        array_IB[_CONTEXT, count:] = 1
        array_IB[_BLOCKS:used, count:] = PADDING_BLOCK
        self._input_IB[:used].copy_(self._host_IB[:used], non_blocking=True)
        self._is_copied.record()
        if batch.device_token_N is not None:
            self._input_IB[_TOKEN, :count].copy_(batch.device_token_N)
        self._graph.replay()
        return self._hidden_BD[:count]


def objection(model: Decoder) -> str:
    """Why a step of the decoder's own layers cannot be captured, in a few words; empty where it can."""
    settings = model.settings
    if settings.position == "alibi":
        return "attention in blocks knows no bias for distance"
    if settings.expert_layers:
        return "which expert computes how much is asked of the GPU"
    if settings.embedding_multiplier != 1.0:
        return "its embeddings are multiplied by a number that comes from the processor"
    maps = [module for name, module in model.named_modules() if name.endswith("_proj")]
    if any(type(one) not in (Linear, Int8Linear) for one in maps):
        return "its maps are neither plain nor of eight bits"
    return ""


def _is_step(batch: Batch) -> bool:
    """Whether every sequence has one token, after which the next is wanted."""
    count = len(batch.context_B)
    return len(batch.token_N) == count == len(batch.row_R) and count <= LARGEST_BUCKET
