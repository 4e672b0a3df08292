"""A decoder whose forward pass runs in C++ on a processor: the native way of ``Forward`` (engine/batch.py).

Axes: N new tokens, R tokens wanted, D model width, V vocabulary, S positions, Q rotated pairs of numbers of a head,
B sequences, P blocks of a sequence, A width of a head.
"""

from __future__ import annotations

import ctypes
import math
import weakref
from typing import Any

import torch
from torch import Tensor, nn

from samovar.core.errors import ConfigError, ResourceError
from samovar.core.memory import free_memory
from samovar.core.progress import short_bytes
from samovar.engine.batch import Batch, Memory
from samovar.engine.native import abi
from samovar.engine.native.maps import Rows, join, rows_of, weave
from samovar.engine.native.pack import Kind, PackedMatrix
from samovar.model.decoder import Decoder
from samovar.model.int4 import Int4Linear
from samovar.model.int8 import Int8Linear
from samovar.model.linear import Linear
from samovar.model.nf4 import Nf4Linear
from samovar.model.positions import frequencies
from samovar.model.settings import DecoderSettings

WIDTH_STEP = 16
"""Widths must be multiples of this."""
LARGEST_GROUP = 48
"""Query heads that may share a key-value head; ROWS of attention.h."""
EVERYTHING = 2**31 - 1
"""The window of a layer without one."""
FEWEST_ANGLES = 1024
_AS_DEFAULT = (
    *("norm", "block", "position", "local_rope_theta", "qkv_clip", "score_softcap", "mlp", "activation"),
    *("expert_layers", "head_bias", "normed_head", "logit_softcap"),
)
"""Settings that must be as LLaMA has them."""
_STORES = {torch.float32: 0, torch.bfloat16: 1, torch.int8: 2}


def objection(model: Decoder) -> str:
    """Why the native way cannot compute ``model``, in a few words; empty where it can. Compiles what it must."""
    settings = model.settings
    widths = (settings.hidden_size, settings.intermediate_size, settings.head_dim)
    foreign = [name for name in _AS_DEFAULT if getattr(settings, name) != DecoderSettings.model_fields[name].default]
    maps = [module for name, module in model.named_modules() if name.endswith("_proj")]
    if foreign:
        return f"its {foreign[0]} is {getattr(settings, foreign[0])!r}"
    if any(width % WIDTH_STEP for width in widths):
        return f"its widths {widths} are not all multiples of {WIDTH_STEP}"
    if (group := settings.num_heads // settings.num_kv_heads) > LARGEST_GROUP:
        return f"{group} of its query heads share a key-value head, more than {LARGEST_GROUP}"
    if model.norm.weight.device.type != "cpu":
        return "it is on a GPU"
    if not all(type(one) in (Linear, Int8Linear, Int4Linear, Nf4Linear) for one in maps):
        return "an adapter is attached"
    return abi.LIBRARY.reason()


def lack_of_room(model: Decoder) -> str:
    """Why the packed weights cannot stand beside ``model``, in a few words; empty where they can."""
    needed, free = packed_bytes(model), free_memory(counts_swap=True)
    if needed <= free:
        return ""
    return f"its packed weights need {short_bytes(needed)} more, and {short_bytes(free)} are free"


def packed_bytes(model: Decoder) -> int:
    """The least memory that the packed weights take: of a map in floating point two bytes a weight."""
    each = {Int8Linear: 1.0, Int4Linear: 0.5}
    maps: list[Any] = [module for name, module in model.named_modules() if name.endswith("_proj")]
    head = model.embed_tokens.weight.numel() * (1.0 if any(type(one) in each for one in maps) else 2.0)
    return int(head + sum(each.get(type(one), 2.0) * one.in_features * one.out_features for one in maps))


def rounds_activations(model: Decoder) -> bool:
    """Whether products round what they multiply, to bfloat16 or further, as only float32 weights do not."""
    layer: Any = model.layers[0]
    return rows_of(layer.self_attn.k_proj).kind is not Kind.F32


class NativeDecoder:
    """Computes batches of one decoder over one memory. Not safe for threads, but for one decoder in each."""

    def __init__(
        self,
        model: Decoder,
        memory: Memory,
        *,
        kind: Kind | None = None,
        head_kind: Kind | None = None,
        threads: int | None = None,
    ) -> None:
        """Pack the weights: they are in memory twice until ``model`` is let go.

        Args:
            model: must have no ``objection``. Its embedding table is used where it lies.
            memory: the cache.
            kind: what maps in floating point are rounded to; by default bfloat16 where that keeps every weight as it is
                (products then round activations to bfloat16 too), else float32.
            head_kind: the same for the head; by default int8 where the layers are int8 or int4, else as the layers.
            threads: by default as many as torch uses.
        Raises:
            ConfigError: there is an objection.
            ResourceError: the memory does not suffice.
        """
        if why := objection(model):
            raise ConfigError(f"the model cannot be computed natively: {why}")
        self.settings = model.settings
        self.threads = threads or torch.get_num_threads()
        self._library = abi.functions()
        self._kept: list[object] = [memory]
        """What the native side points to."""
        self._layers = (abi.Layer * self.settings.num_layers)()
        for number, layer in enumerate(model.layers):
            self._fill_layer(self._layers[number], number, layer, kind)
        self._model = self._describe(model, self._pack(_head_rows(model, kind, head_kind)))
        self._batch = abi.Batch()
        self._batch_pointer = ctypes.pointer(self._batch)
        self._grow_angles(FEWEST_ANGLES)
        self._step = self._open(memory)

    @property
    def weight_bytes(self) -> int:
        """Memory of the packed weights."""
        return sum(kept.size_bytes for kept in self._kept if isinstance(kept, PackedMatrix))

    def hidden(self, batch: Batch) -> Tensor:
        """Store the new tokens' keys and values; give the normed hidden states of ``row_R``, float32, RD.

        ``row_R`` must ascend. Raises as ``logits`` does.
        """
        hidden_RD = torch.empty(len(batch.row_R), self.settings.hidden_size)
        self._run(batch, hidden=hidden_RD)
        return hidden_RD

    def logits(self, batch: Batch) -> Tensor:
        """The same, and on through the head: float32, RV.

        Raises:
            ConfigError: the batch has adapters, or names tokens or places that are not there.
            ResourceError: the memory does not suffice.
        """
        logits_RV = torch.empty(len(batch.row_R), self.settings.vocab_size)
        self._run(batch, logits=logits_RV)
        return logits_RV

    def greedy(self, batch: Batch, num_ids: int) -> Tensor:
        """The same, and of every row the likeliest of the first ``num_ids`` tokens: int64, R."""
        best_R = torch.empty(len(batch.row_R), dtype=torch.int64)
        self._run(batch, best=best_R, num_ids=num_ids)
        return best_R

    def _run(
        self,
        batch: Batch,
        *,
        hidden: Tensor | None = None,
        logits: Tensor | None = None,
        best: Tensor | None = None,
        num_ids: int = 0,
    ) -> None:
        if batch.adapters is not None:
            raise ConfigError("the native way computes no adapters", hint="let the eager way compute this batch")
        if batch.longest_context > self._batch.angles:
            self._grow_angles(batch.longest_context)
        call = self._batch
        call.tokens, call.rows = len(batch.token_N), len(batch.row_R)
        call.sequences, call.blocks = batch.block_table_BP.shape
        call.token_N, call.position_N = batch.token_N.data_ptr(), batch.position_N.data_ptr()
        call.query_start_B1, call.block_table_BP = batch.query_start_B1.data_ptr(), batch.block_table_BP.data_ptr()
        call.slot_N, call.row_R = batch.slot_N.data_ptr(), batch.row_R.data_ptr()
        call.hidden_RD = None if hidden is None else hidden.data_ptr()
        call.logits_RV = None if logits is None else logits.data_ptr()
        call.best_R = None if best is None else best.data_ptr()
        call.num_ids = num_ids
        result = self._library.samovar_step_run(self._step, self._batch_pointer)
        if result == 1:
            raise ConfigError("the batch names tokens, positions, places or rows that are not there")
        if result == 2:
            lack = f"there is no memory, or no thread, for a step of {call.tokens} tokens"
            raise ResourceError(lack, hint="answer fewer at once")

    def _pack(self, rows: Rows) -> ctypes.c_void_p:
        packed = rows.pack()
        self._kept.append(packed)
        return packed.pointer

    def _floats(self, weight: Tensor) -> int:
        kept = weight.detach().float().contiguous()
        self._kept.append(kept)
        return kept.data_ptr()

    def _fill_layer(self, described: abi.Layer, number: int, layer: Any, kind: Kind | None) -> None:
        attention, mlp = layer.self_attn, layer.mlp
        described.query_key_value = self._pack(
            join([rows_of(one, kind) for one in (attention.q_proj, attention.k_proj, attention.v_proj)])
        )
        described.output = self._pack(rows_of(attention.o_proj, kind))
        described.gate_up = self._pack(weave(rows_of(mlp.gate_proj, kind), rows_of(mlp.up_proj, kind)))
        described.down = self._pack(rows_of(mlp.down_proj, kind))
        described.attention_norm_D = self._floats(layer.input_layernorm.weight)
        described.mlp_norm_D = self._floats(layer.post_attention_layernorm.weight)
        if attention.q_norm is not None:
            described.query_norm_A = self._floats(attention.q_norm.weight)
            described.key_norm_A = self._floats(attention.k_norm.weight)
        described.window = self.settings.window if layer.is_windowed else EVERYTHING

    def _describe(self, model: Decoder, head: ctypes.c_void_p) -> abi.Model:
        settings, table_VD = self.settings, model.embed_tokens.weight.detach()
        if table_VD.dtype not in (torch.float32, torch.bfloat16) or not table_VD.is_contiguous():
            table_VD = table_VD.float().contiguous()
        self._kept.append(table_VD)
        return abi.Model(
            layers=settings.num_layers,
            width=settings.hidden_size,
            heads=settings.num_heads,
            kv_heads=settings.num_kv_heads,
            head_width=settings.head_dim,
            rotated_pairs=settings.rotary_dim // 2,
            hidden_width=settings.intermediate_size,
            vocabulary=settings.vocab_size,
            layer_L=self._layers,
            norm_D=self._floats(model.norm.weight),
            head=head,
            embedding_VD=table_VD.data_ptr(),
            embedding_is_bfloat16=table_VD.dtype == torch.bfloat16,
            norm_eps=settings.norm_eps,
            score_scale=settings.attention_scale,
            embedding_multiplier=settings.embedding_multiplier,
            residual_multiplier=settings.residual_multiplier,
            logit_divisor=settings.logit_divisor,
        )

    def _open(self, memory: Memory) -> ctypes.c_void_p:
        _, num_blocks, heads, _, width = memory.keys_LPKSA.shape
        scales = (memory.key_scale_LPKS, memory.value_scale_LPKS)
        described = abi.Memory(
            _STORES[memory.keys_LPKSA.dtype],
            num_blocks,
            heads,
            width,
            memory.keys_LPKSA.data_ptr(),
            memory.values_LPKSA.data_ptr(),
            *(None if scale is None else scale.data_ptr() for scale in scales),
        )
        step = self._library.samovar_step_open(self._model, described, self.threads)
        if not step:
            raise ResourceError("there is no memory to open the native engine")
        weakref.finalize(self, self._library.samovar_step_close, step)
        return ctypes.c_void_p(step)

    def _grow_angles(self, positions: int) -> None:
        """Cosines and sines of at least so many positions, by the model's own frequencies (YaRN and all), SQ."""
        settings = self.settings
        count = 1 << math.ceil(math.log2(max(positions, FEWEST_ANGLES)))
        frequency_Q, size = frequencies(settings.rotary_dim, settings.rope_theta, settings.rope_scaling)
        angle_SQ = torch.arange(count).float()[:, None] * frequency_Q
        self._angles = angle_SQ.cos() * size, angle_SQ.sin() * size
        self._batch.cos_SQ, self._batch.sin_SQ = (table.data_ptr() for table in self._angles)
        self._batch.angles = count


def _head_rows(model: Decoder, kind: Kind | None, head_kind: Kind | None) -> Rows:
    """The head, in the form that ``NativeDecoder`` explains."""
    head = model.lm_head
    if head is None:
        table_VD = model.embed_tokens.weight
        head = Linear(1, 1)
        head.weight, head.in_features = nn.Parameter(table_VD.detach(), requires_grad=False), table_VD.shape[1]
    if head_kind is None:
        layer: Any = model.layers[0]
        first = rows_of(layer.self_attn.o_proj, kind).kind
        head_kind = Kind.INT8 if first in (Kind.INT8, Kind.INT4) else kind
    return rows_of(head, head_kind)
