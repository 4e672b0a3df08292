"""How much memory a training step takes, by formula: docs/memory.md has the derivation, benchmarks/memory_forecast.py
the check against measured peaks.

Letters: N tokens of a micro-batch, V vocabulary, P parameters; c is the bytes of the compute type (2 for bfloat16).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import NamedTuple

from samovar.model.native import attends_natively, multiplies_natively
from samovar.model.query_blocks import LONGEST_WRITTEN_OUT
from samovar.model.settings import DecoderSettings
from samovar.model.sizes import NF4_BITS, matrix_shapes, table_parameters
from samovar.train.activations import Mixing, Pass, final_bytes, layer_bytes
from samovar.train.native import LIBRARY
from samovar.train.objectives.chunks import targets_at_once
from samovar.train.settings import OptimizerName

MIB = 2**20
BARE_LOOP_BYTES = 245 * MIB
"""Resident memory of Python with torch and the training loop loaded, measured."""
WORKING_BYTES = 108 * MIB
"""What torch's own parts take once they train (kernels made at first use, the journal), measured."""


class HeapFactors(NamedTuple):
    """Resident memory of a processor's heap for each byte that is in use.

    Blocks of many sizes come and go, and glibc, which is told to keep what is freed, leaves gaps.
    """

    plain: float
    mixed: float
    """Where what stays lies between what goes: gradients between the activations of two micro-batches that no compiler
    has planned, adapters beside their base."""
    varying: float
    """Where every step has blocks of other sizes, as conversations with their varying targets do."""


HEAP_FACTORS = {"C++": HeapFactors(1.45, 1.7, 1.45), "torch": HeapFactors(1.3, 1.5, 1.9)}
"""By what multiplies; with torch's products conversations leave more gaps. Fitted to the peaks of thirteen runs each,
1M to 30M. Four-bit bases are multiplied by torch."""
GPU_CONTEXT_BYTES = 500 * MIB
GPU_POOL_FACTOR = 1.1
"""Stated estimates for a GPU: the driver's context, and the gaps in torch's pool."""


@dataclass(frozen=True, slots=True)
class TrainingMemory:
    """Where the memory of a training step goes, in bytes."""

    weights: float
    """As they are kept between steps: float32, or the frozen base and the adapter."""
    optimizer: float
    averages: float
    """The moving average of the weights, in float32, where one is kept."""
    gradients: float
    casts: float
    """The weights once more in the compute type, kept from the forward pass for the backward."""
    activations: float
    """What the forward pass of a micro-batch keeps for the backward."""
    logits: float
    """Of the targets whose loss is computed at one time, with their gradient; and what it gives: the gradients of all
    targets' hidden states and of the head."""
    update: float
    """What the optimizer's step takes beside its state."""
    is_accumulated: bool
    """Whether a step has several micro-batches, so that gradients stand beside a forward pass."""
    heap_factor: float
    """Resident memory of a processor for each byte in use."""

    @property
    def peak(self) -> float:
        """The most that is in use at one time: at the end of a forward pass, of a backward pass, or in the update."""
        standing = self.weights + self.optimizer + self.averages
        forward = self.casts + self.activations + self.logits + (self.gradients if self.is_accumulated else 0.0)
        return standing + max(forward, self.gradients + self.casts, self.gradients + self.update)

    def resident(self, *, process_bytes: float = BARE_LOOP_BYTES) -> float:
        """Peak resident memory of a process that trains on a processor.

        Args:
            process_bytes: what it has before it trains.
        """
        return process_bytes + WORKING_BYTES + self.heap_factor * self.peak

    @property
    def on_gpu(self) -> float:
        """Memory of a GPU that trains."""
        return GPU_CONTEXT_BYTES + GPU_POOL_FACTOR * self.peak

    def parts(self) -> dict[str, float]:
        """The sizes by name."""
        return {name: value for name, value in asdict(self).items() if name not in {"is_accumulated", "heap_factor"}}


@dataclass(frozen=True, slots=True)
class Adapter:
    """Low-rank matrices that are trained in place of the weights (Hu et al. 2021, arXiv:2106.09685)."""

    rank: int
    targets: Collection[str] | None = None
    """Which of a layer's maps have one; None: all."""
    base_bits: int = 16
    """Of the frozen weights of the layers' maps: 16 stands for the compute type, 4 for NF4."""

    def num_parameters(self, shape: DecoderSettings) -> int:
        """Of all layers."""
        sides = matrix_shapes(shape)
        return shape.num_layers * self.rank * sum(sum(sides[name]) for name in self.targets or sides if name in sides)

    def num_maps(self, shape: DecoderSettings) -> int:
        """Adapted maps of a layer."""
        return len(matrix_shapes(shape) if self.targets is None else self.targets)


def training_memory(
    shape: DecoderSettings,
    *,
    context: int,
    micro_batch_tokens: int,
    batch_tokens: int | None = None,
    optimizer: OptimizerName = "muon",
    compute_bytes: int = 2,
    target_share: float = 1.0,
    logit_tokens: int | None = None,
    is_compiled: bool = False,
    is_on_gpu: bool = False,
    is_recomputed: bool = False,
    is_averaged: bool = False,
    is_forked: bool = False,
    adapter: Adapter | None = None,
    shards: int = 1,
) -> TrainingMemory:
    """What a training step of this shape takes on one device.

    Args:
        batch_tokens: of a step on this device; by default one micro-batch.
        compute_bytes: of activations: 2 in bfloat16, 4 in float32.
        target_share: of the tokens that are targets: all in pretraining, about a third in conversations.
        logit_tokens: targets whose logits are held at one time; by default what the objective takes.
        is_compiled: whether the forward pass is.
        is_on_gpu: attention is a fused kernel then, which keeps no probabilities. On a processor that depends on the
            shape, and on whether there is a compiler.
        is_recomputed: layers keep their input alone and are computed again for the gradient.
        is_averaged: a moving average of the weights is kept.
        is_forked: several answers to a prompt stand in a row, and share its beginning.
        adapter: train this instead of the weights.
        shards: devices that weights, gradients and optimizer state are divided among (FSDP).
    """
    tokens = max(1, micro_batch_tokens // context) * context
    is_native = compute_bytes == 2 and not is_on_gpu and shards == 1 and multiplies_natively()
    how = Pass(
        context=context,
        compute_bytes=compute_bytes,
        is_compiled=is_compiled,
        attention=_mixing(shape, context, is_on_gpu=is_on_gpu, is_forked=is_forked),
        is_gated_natively=is_native,
        is_frozen=adapter is not None,
        adapter_rank=adapter.rank if adapter else 0,
        num_adapters=adapter.num_maps(shape) if adapter else 0,
    )
    targets = tokens * target_share
    layer = layer_bytes(shape, how)
    layers = shape.num_layers * compute_bytes * shape.hidden_size + layer if is_recomputed else shape.num_layers * layer
    kept = layers + final_bytes(shape, how)
    trained = shape.num_parameters if adapter is None else adapter.num_parameters(shape)
    at_once = min(targets, logit_tokens or targets_at_once(shape.vocab_size, "cuda" if is_on_gpu else "cpu"))
    is_accumulated = (batch_tokens or tokens) > tokens
    return TrainingMemory(
        weights=_weight_bytes(shape, adapter, compute_bytes) / shards + _gathered_bytes(shape, shards),
        optimizer=_optimizer_bytes(shape, optimizer, adapter) / shards,
        averages=4.0 * trained / shards if is_averaged else 0.0,
        gradients=4.0 * trained / shards,
        casts=_cast_bytes(shape, adapter, compute_bytes, is_native=is_native, is_sharded=shards > 1),
        # The targets' part of the last hidden states is copied out before the head.
        activations=tokens * kept + targets * compute_bytes * shape.hidden_size,
        logits=_logit_bytes(
            shape,
            at_once,
            targets,
            compute_bytes,
            is_head_trained=adapter is None,
            is_in_place=not is_on_gpu and LIBRARY.library() is not None,
        ),
        update=_update_bytes(shape, optimizer, compute_bytes) / shards if adapter is None else 0.0,
        is_accumulated=is_accumulated,
        heap_factor=_heap_factor(
            HEAP_FACTORS["C++" if is_native and (adapter is None or adapter.base_bits == 16) else "torch"],
            is_mixed=(is_accumulated and not is_compiled) or adapter is not None,
            is_varying=0.0 < target_share < 1.0,
        ),
    )


def _mixing(shape: DecoderSettings, context: int, *, is_on_gpu: bool, is_forked: bool) -> Mixing:
    if is_on_gpu:
        return "fused"
    if is_forked:
        return "forked"
    if attends_natively(shape) and not shape.windowed_layers:
        return "by document"
    return "written out" if context <= LONGEST_WRITTEN_OUT else "fused"


def _heap_factor(factors: HeapFactors, *, is_mixed: bool, is_varying: bool) -> float:
    return max(factors.plain, factors.mixed if is_mixed else 0.0, factors.varying if is_varying else 0.0)


def _logit_bytes(
    shape: DecoderSettings,
    at_once: float,
    targets: float,
    compute_bytes: int,
    *,
    is_head_trained: bool,
    is_in_place: bool,
) -> float:
    """Logits and their gradient in the compute type and, where that is another, in float32 besides; in one place where
    C++ computes them."""
    each = 12.0 if compute_bytes == 2 else 8.0
    if is_in_place:
        each = compute_bytes
    found = compute_bytes * targets * shape.hidden_size
    head = 4.0 * shape.vocab_size * shape.hidden_size if is_head_trained else 0.0
    return each * at_once * shape.vocab_size + found + head


def _weight_bytes(shape: DecoderSettings, adapter: Adapter | None, compute_bytes: int) -> float:
    if adapter is None:
        return 4.0 * shape.num_parameters
    tables = table_parameters(shape)
    each = compute_bytes if adapter.base_bits == 16 else NF4_BITS / 8
    return compute_bytes * tables + each * (shape.num_parameters - tables) + 4.0 * adapter.num_parameters(shape)


def _cast_bytes(
    shape: DecoderSettings, adapter: Adapter | None, compute_bytes: int, *, is_native: bool, is_sharded: bool
) -> float:
    """Weights are cast where they are used, but by products in C++, which round them as they lay them out; a frozen
    base is in the compute type, or unpacked a map at a time; sharded layers are put together in the compute type."""
    if compute_bytes == 4 or (is_native and adapter is None):
        return 0.0
    if adapter is not None:
        return float(compute_bytes * adapter.num_parameters(shape))
    layers = 0 if is_sharded else shape.num_matrix_parameters
    return float(compute_bytes * (layers + shape.vocab_size * shape.hidden_size))


def _optimizer_bytes(shape: DecoderSettings, optimizer: str, adapter: Adapter | None) -> float:
    """AdamW keeps two moments in float32, Muon one; Muon is for the layers' matrices alone."""
    if adapter is not None:
        return 8.0 * adapter.num_parameters(shape)
    tables = table_parameters(shape)
    return 8.0 * tables + (4.0 if optimizer == "muon" else 8.0) * (shape.num_parameters - tables)


def _update_bytes(shape: DecoderSettings, optimizer: str, compute_bytes: int) -> float:
    """Muon takes all matrices of one shape together: two float32 copies of them and four in the compute type."""
    if optimizer != "muon":
        return 0.0
    alike: Counter[tuple[int, int]] = Counter()
    for sides in matrix_shapes(shape).values():
        alike[sides] += shape.num_layers * sides[0] * sides[1]
    return (8.0 + 4.0 * compute_bytes) * max(alike.values())


def _gathered_bytes(shape: DecoderSettings, shards: int) -> float:
    """A sharded layer is put together for its own pass, and the next one beside it meanwhile, in bfloat16."""
    return 0.0 if shards == 1 else 2 * 2.0 * (shape.num_parameters - table_parameters(shape)) / shape.num_layers
