"""Kernels that begin while the one before them still runs, on GPUs that can (from Hopper on).

A small kernel takes longer to begin and to end than to compute. One that begins early has its programs in place, and
reads what nobody writes, weights above all, while the one before it ends; then it waits for that one's results.
Source: "Programmatic Dependent Launch" in NVIDIA's CUDA C++ Programming Guide.
"""

from __future__ import annotations

from functools import cache

import torch
import triton
import triton.language as tl
from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait


@cache
def overlap() -> dict[str, bool]:
    """What a kernel that calls ``let_next_begin`` and ``wait_for_last`` is launched with."""
    is_nvidia = torch.version.hip is None
    if is_nvidia and torch.cuda.is_available() and torch.cuda.get_device_capability() >= (9, 0):
        return {"OVERLAPS": True, "launch_pdl": True}
    return {"OVERLAPS": False}


@triton.jit
def let_next_begin(OVERLAPS: tl.constexpr) -> None:
    """The next kernel may take what room this one leaves; it sees nothing of this one before this one has ended."""
    if OVERLAPS:
        gdc_launch_dependents()


@triton.jit
def wait_for_last(OVERLAPS: tl.constexpr) -> None:
    """All that earlier kernels write is there from here on, and nothing may be written before.

    Every kernel waits, for whoever waits for this one alone must find that all before it have ended too.
    """
    if OVERLAPS:
        gdc_wait()
