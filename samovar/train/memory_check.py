"""Whether a run has the memory that it needs, said before it starts and when it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from samovar.core.errors import ResourceError
from samovar.core.memory import free_memory
from samovar.model.adapters.lora import LoraLinear
from samovar.model.decoder import Decoder
from samovar.model.nf4_folder import has_nf4
from samovar.model.reward_encoder import RewardEncoder
from samovar.train.memory_model import Adapter, training_memory
from samovar.train.plan import Plan
from samovar.train.settings import LoopSettings

_GIB = 2**30


def check_memory(model: Decoder | RewardEncoder, settings: LoopSettings, plan: Plan) -> None:
    """Refuse a run for which this machine's memory cannot be enough, by formula.

    On a processor the system would kill the process without a word. A GPU says itself what it lacks, in the first
    second. Judged are runs that train all weights, or an adapter.

    Raises:
        ResourceError: what is in use at one time, without the allocator's gaps, is more than there is.
    """
    parameters = list(model.parameters())
    adapter = adapter_in(model)
    if parameters[0].is_cuda or (adapter is None and not all(parameter.requires_grad for parameter in parameters)):
        return
    compute_bytes = (model.compute_dtype or torch.float32).itemsize
    shape = model.settings if isinstance(model, Decoder) else model.settings.decoder_of_its_size
    memory = training_memory(
        shape,
        context=plan.context,
        micro_batch_tokens=plan.rows_per_micro * plan.context,
        batch_tokens=plan.num_micro_batches // plan.num_steps * plan.rows_per_micro * plan.context,
        optimizer=settings.optimizer,
        compute_bytes=compute_bytes,
        is_recomputed=settings.activation_checkpointing,
        is_averaged=settings.ema_decay is not None,
        adapter=adapter,
    )
    # Beside an adapter the base is whole in every process.
    share = 1.0 if adapter else sum(parameter.numel() for parameter in parameters) / model.settings.num_parameters
    needed, there = memory.peak - memory.weights * share, free_memory(counts_swap=True)
    if needed > there:
        raise ResourceError(
            f"training needs {needed / _GIB:.1f} GiB more than the weights, and {there / _GIB:.1f} GiB are free",
            hint=f"close other programs, or {_advice(settings, plan.context)}",
        )


def adapter_in(model: nn.Module) -> Adapter | None:
    """What is trained beside the frozen weights, where that is an adapter."""
    maps = {name: module for name, module in model.named_modules() if isinstance(module, LoraLinear)}
    if not maps:
        return None
    targets = sorted({name.rpartition(".")[2] for name in maps})
    rank = max(module.lora_A.shape[0] for module in maps.values())
    return Adapter(rank, targets, 4 if has_nf4(model) else 16)


@contextmanager
def naming_lack_of_memory(settings: LoopSettings, context: int) -> Iterator[None]:
    """Turn torch's words for memory that ran out into an error that says what to lower."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if not _is_of_memory(error):
            raise
        raise ResourceError(
            f"memory ran out in training: {_in_short(error)}", hint=_advice(settings, context)
        ) from error


def _is_of_memory(error: Exception) -> bool:
    # torch's allocator for processors has a RuntimeError with these words and no class of its own.
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "you tried to allocate" in str(error)


def _in_short(error: Exception) -> str:
    """What could not be had; torch goes on with much advice of its own."""
    found = re.search(r"[Tt]ried to allocate ([\d.]+ \w+)", str(error))
    return f"{found[1]} could not be had" if found else str(error) or type(error).__name__


def _advice(settings: LoopSettings, context: int) -> str:
    lower = [f"micro_batch_tokens (now {settings.micro_batch_tokens})"] * (settings.micro_batch_tokens > context)
    lower += [f"the context (now {context})", "the model's size"]
    checkpointing = "" if settings.activation_checkpointing else "set activation_checkpointing: true, or "
    return f"{checkpointing}lower {', '.join(lower[:-1])} or {lower[-1]}"
