"""How many processes hold copies, shards and parts of matrices; what does not divide is refused. No torch in here."""

from __future__ import annotations

import math
from typing import NamedTuple

from samovar.core.errors import ConfigError
from samovar.model.settings import DecoderSettings
from samovar.train.parallel.settings import ParallelSettings
from samovar.train.settings import LoopSettings

TRAINING_BYTES_PER_PARAMETER = 16
"""Weight, gradient and two moments, in float32."""
COPIED_SHARE = 0.25
"""Of a process's memory that a whole copy may take before it is spread over processes: activations need the rest."""


class Degrees(NamedTuple):
    """Processes along each axis of the grid; their product is the number of processes."""

    replicate: int = 1
    """Copies of the model; each trains on rows of its own."""
    shard: int = 1
    """Processes that hold one copy together, each a shard of every matrix; each trains on rows of its own."""
    tensor: int = 1
    """Processes that compute every layer together, on the same rows."""

    @property
    def data(self) -> int:
        """Processes, or groups of ``tensor`` processes, that train on rows of their own."""
        return self.replicate * self.shard

    @property
    def size(self) -> int:
        """All processes."""
        return self.data * self.tensor

    def in_words(self) -> str:
        """What the processes do, for a person."""
        copies = "one copy" if self.replicate == 1 else f"{self.replicate} copies"
        words = f"{self.size} processes train {copies} of the model"
        if self.shard > 1:
            words += f", spread over {self.shard} of them" if self.replicate == 1 else f", each over {self.shard}"
        if self.tensor > 1:
            words += f"; {self.tensor} processes compute each layer together"
        return words


def check_run(
    size: int, settings: LoopSettings, context: int, shape: DecoderSettings | None, *, is_whole: bool = False
) -> None:
    """See, before any work, that ``size`` processes can divide a run; ``shape`` is None where it is not known yet.

    Raises:
        ConfigError: something does not divide.
    """
    if size == 1:
        return
    if shape is None:
        check_divides(size, settings.parallel.tensor)
        data = size // settings.parallel.tensor
    else:
        data = choose_degrees(size, settings.parallel, shape, memory_bytes=math.inf, is_whole=is_whole).data
    rows_of_a_process(*rows_of_a_step(settings, context), data)


def choose_degrees(
    size: int, settings: ParallelSettings, shape: DecoderSettings, *, memory_bytes: float, is_whole: bool = False
) -> Degrees:
    """How ``size`` processes divide the work of a model of this shape.

    Args:
        size: of the run.
        settings: what the recipe asks for.
        shape: of the model.
        memory_bytes: what a process may use.
        is_whole: the model cannot be split (it has adapters or four-bit weights).
    Raises:
        ConfigError: something does not divide.
    """
    tensor = settings.tensor
    if size == 1:
        return Degrees()
    check_divides(size, tensor)
    if tensor > 1:
        check_tensor(tensor, shape)
    data = size // tensor
    shard = settings.shard
    if shard is None:
        needed = TRAINING_BYTES_PER_PARAMETER * shape.num_parameters / tensor
        shard = 1 if is_whole or needed <= COPIED_SHARE * memory_bytes else data
    if data % shard:
        raise ConfigError(
            f"parallel.shard is {shard}, which does not divide the {data} processes that train on rows of their own",
            hint=f"set it to a divisor of {data}, or leave it out",
        )
    if is_whole and (shard > 1 or tensor > 1):
        raise ConfigError(
            f"an adapter is trained with a whole copy of its base in every process, not with parallel.tensor {tensor} "
            f"and parallel.shard {shard}",
            hint="set both to 1; a base in four bits (sft.adapter.base_bits: 4) takes a quarter of the memory",
        )
    if tensor > 1 and shape.hidden_size % shard:
        raise ConfigError(
            f"parallel.shard is {shard}, but the model is {shape.hidden_size} wide, which does not divide by it, as "
            "beside parallel.tensor it has to",
            hint="lower parallel.shard, or set parallel.tensor to 1",
        )
    return Degrees(data // shard, shard, tensor)


def check_divides(size: int, tensor: int) -> None:
    """See that ``size`` processes fall into groups of ``tensor``.

    Raises:
        ConfigError: they do not.
    """
    if size % tensor:
        raise ConfigError(
            f"parallel.tensor is {tensor}, which does not divide the {size} processes of this run",
            hint=f"set it to a divisor of {size}, or start a multiple of {tensor} processes",
        )


def check_tensor(tensor: int, shape: DecoderSettings) -> None:
    """See that every layer falls into ``tensor`` equal parts.

    Raises:
        ConfigError: it does not.
    """
    parts = {
        "query heads": shape.num_heads,
        "key-value heads": shape.num_kv_heads,
        "hidden units of the feed-forward block": shape.intermediate_size,
    }
    if shape.expert_layers:
        parts["hidden units of an expert"] = shape.expert_size
    for what, count in parts.items():
        if count % tensor:
            raise ConfigError(
                f"parallel.tensor is {tensor}, but the model has {count} {what}, which do not divide by it",
                hint="lower parallel.tensor; parallel.shard spreads the memory without splitting heads",
            )


def rows_of_a_step(settings: LoopSettings, context: int) -> tuple[int, int]:
    """Rows of a step, whatever the number of processes, and the most of a micro-batch.

    Raises:
        ConfigError: the tokens of a step are no whole rows, or those of a micro-batch not even one.
    """
    tokens, at_once = settings.batch_tokens, settings.micro_batch_tokens
    if tokens % context:
        below = tokens // context * context
        near = f"{below} or {below + context}" if below else f"{context}"
        raise ConfigError(
            f"batch_tokens is {tokens}, which does not divide into rows of {context} tokens, the context",
            hint=f"set it to {near}, or choose another context",
        )
    if at_once < context:
        raise ConfigError(
            f"micro_batch_tokens is {at_once}, which is less than one row of {context} tokens, the context",
            hint=f"set it to {context} at least, or lower the context",
        )
    return tokens // context, min(tokens, at_once) // context


def rows_of_a_process(rows_per_step: int, rows_per_micro: int, data: int) -> tuple[int, int]:
    """Rows of a step that one process takes, and of its micro-batches: at most ``rows_per_micro``, all of one size.

    Raises:
        ConfigError: the step's rows do not divide by ``data``, or no micro-batch near that size divides a process's.
    """
    if rows_per_step % data:
        below, above = rows_per_step // data * data, -(-rows_per_step // data) * data
        near = f"{below} or {above}" if below else f"{above}"
        raise ConfigError(
            f"a step has {rows_per_step} rows, which do not divide by the {data} processes that train on rows of their "
            "own",
            hint=f"choose batch_tokens so that a step has {near} rows of the context's length, or other processes",
        )
    own = rows_per_step // data
    most = min(rows_per_micro, own)
    micro = next(rows for rows in range(most, 0, -1) if own % rows == 0)
    if micro < most / 2:  # a prime number of rows would go through one by one, at a fraction of the speed
        raise ConfigError(
            f"a process has {own} rows of a step, which divide into micro-batches of {micro} where {most} are allowed",
            hint=f"choose batch_tokens so that it has {own // most * most} or {-(-own // most) * most} rows",
        )
    return own, micro
