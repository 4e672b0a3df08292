"""The memory for keys and values: how much there is, and what is copied and rounded in it.

Axes: L layers, P blocks, K key-value heads, S positions of a block, A head width, N tokens.
"""

from __future__ import annotations

import contextlib
import math
import mmap
from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from samovar.core.errors import ResourceError
from samovar.core.memory import free_memory
from samovar.core.progress import short_bytes
from samovar.engine.batch import BLOCK_SIZE, Memory
from samovar.model.settings import DecoderSettings

CacheForm = Literal["plain", "bfloat16", "int8"]
"""How keys and values are kept: in the type of the activations, in two bytes, or in one with a scale each."""
SHARE_OF_FREE = 0.5
"""Of the free memory that a cache takes at most where nothing is asked for."""
SHORTEST = 16
"""Tokens of context that are tried however little memory there is."""
LARGEST_INT8 = 127.0


class CacheSize(NamedTuple):
    """How large a cache is."""

    num_blocks: int
    """Without the one for padding."""
    max_context: int
    """Longest sequence, in tokens; it fits when nothing else is there."""


def block_bytes(settings: DecoderSettings, form: CacheForm, dtype: torch.dtype) -> int:
    """What a block takes, keys and values of all layers."""
    vectors = 2 * settings.num_layers * settings.num_kv_heads * BLOCK_SIZE
    if form == "int8":
        return vectors * (settings.head_dim + torch.float32.itemsize)
    return vectors * settings.head_dim * (torch.bfloat16 if form == "bfloat16" else dtype).itemsize


def size_cache(
    settings: DecoderSettings,
    *,
    max_batch: int,
    max_context: int | None,
    cache_tokens: int | None,
    form: CacheForm,
    dtype: torch.dtype,
    device: torch.device,
    reserved_bytes: int = 0,
) -> CacheSize:
    """The cache that is asked for; where nothing is, one in which all answers may be as long as the model allows, or as
    large as half of the free memory.

    Args:
        settings: of the model.
        max_batch: answers at once.
        max_context: longest prompt and answer together, in tokens; None: the model's, or what fits.
        cache_tokens: of all answers together; None: what fits, up to ``max_batch`` times the context.
        form: how keys and values are kept.
        dtype: of activations.
        device: where.
        reserved_bytes: of the free memory, what something else is going to take.
    Raises:
        ResourceError: what is asked for does not fit into memory.
    """
    context = min(max_context or settings.max_positions, settings.max_positions)
    bytes_each, free = block_bytes(settings, form, dtype), max(0, free_bytes(device) - reserved_bytes)
    affordable = int(free * SHARE_OF_FREE) // bytes_each
    if cache_tokens is not None:
        num_blocks = blocks_for(cache_tokens)
    else:
        num_blocks = min(max_batch * blocks_for(context), max(affordable, blocks_for(SHORTEST)))
        if max_context is not None:
            num_blocks = max(num_blocks, blocks_for(context))
    if num_blocks * bytes_each > free and num_blocks > blocks_for(SHORTEST):
        raise ResourceError(
            f"the cache for {num_blocks * BLOCK_SIZE} tokens takes {short_bytes(num_blocks * bytes_each)}, "
            f"and {short_bytes(free)} are free",
            hint="shorten the context (max_context), or keep keys and values in int8",
        )
    return CacheSize(num_blocks, min(context, num_blocks * BLOCK_SIZE))


def blocks_for(num_tokens: int) -> int:
    """Blocks that so many tokens of one sequence take."""
    return -(-num_tokens // BLOCK_SIZE)


def make_memory(
    settings: DecoderSettings, num_blocks: int, *, form: CacheForm, dtype: torch.dtype, device: torch.device
) -> Memory:
    """Memory of ``num_blocks`` blocks and the one for padding."""
    shape = (settings.num_layers, num_blocks + 1, settings.num_kv_heads, BLOCK_SIZE, settings.head_dim)
    kept = {"plain": dtype, "bfloat16": torch.bfloat16, "int8": torch.int8}[form]
    keys, values = (_zeros(shape, kept, device) for _ in range(2))
    if form != "int8":
        return Memory(keys, values)
    return Memory(keys, values, *(_zeros(shape[:-1], torch.float32, device) for _ in range(2)))


def _zeros(shape: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """Zeros, not empty: a masked key still meets a weight of zero, and zero times NaN is NaN.

    On a processor in large pages where the system has them: blocks lie anywhere in it, and with small pages the
    processor looks up the page of nearly every block that it reads.
    """
    if device.type != "cpu":
        return torch.zeros(shape, dtype=dtype, device=device)
    memory = mmap.mmap(-1, math.prod(shape) * dtype.itemsize, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # a system without them
            memory.madvise(mmap.MADV_HUGEPAGE)
    # Written now, so that it is there when it is needed.
    return torch.frombuffer(memory, dtype=dtype).view(shape).zero_()


def copy_blocks(memory: Memory, copies: Sequence[tuple[int, int]]) -> None:
    """Copy blocks, each from the first to the second."""
    if not copies:
        return
    sources, targets = ([pair[end] for pair in copies] for end in range(2))
    for kept in (memory.keys_LPKSA, memory.values_LPKSA, memory.key_scale_LPKS, memory.value_scale_LPKS):
        if kept is not None:
            kept[:, targets] = kept[:, sources]


def write(memory: Memory, layer: int, slot_N: Tensor, key_NKA: Tensor, value_NKA: Tensor) -> tuple[Tensor, Tensor]:
    """Store keys and values of new tokens; give them as they will be read, in their own type."""
    block_N, offset_N = slot_N // BLOCK_SIZE, slot_N % BLOCK_SIZE
    read = []
    for kept_LPKSA, scale_LPKS, new_NKA in (
        (memory.keys_LPKSA, memory.key_scale_LPKS, key_NKA),
        (memory.values_LPKSA, memory.value_scale_LPKS, value_NKA),
    ):
        if scale_LPKS is None:
            rounded_NKA = new_NKA.to(kept_LPKSA.dtype)
            kept_LPKSA[layer][block_N, :, offset_N] = rounded_NKA
            read.append(rounded_NKA.to(new_NKA.dtype))
            continue
        scale_NK = new_NKA.float().abs().amax(-1) / LARGEST_INT8
        whole_NKA = (new_NKA.float() / scale_NK.clamp_min(1e-30).unsqueeze(-1)).round().to(torch.int8)
        kept_LPKSA[layer][block_N, :, offset_N] = whole_NKA
        scale_LPKS[layer][block_N, :, offset_N] = scale_NK
        read.append((whole_NKA.float() * scale_NK.unsqueeze(-1)).to(new_NKA.dtype))
    return read[0], read[1]


def free_bytes(device: torch.device) -> int:
    """Memory that is free, where the device has its own, and else on this machine."""
    return free_memory() if device.type == "cpu" else torch.cuda.mem_get_info(device)[0]
