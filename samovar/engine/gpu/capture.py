"""Kernels captured once as a CUDA graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def capture(compute: Callable[[], Tensor], device: torch.device, pool: Any) -> tuple[torch.cuda.CUDAGraph, Tensor]:
    """The graph of what ``compute`` launches, and where each replay leaves what it gave.

    Args:
        compute: reads from where it read now whenever the graph is replayed; it must not wait for the GPU.
        device: a GPU.
        pool: memory that several graphs share, of which then no two may be needed at once.
    """
    # Kernels are compiled, and libraries get their memory, before anything is captured.
    beside = torch.cuda.Stream(device)
    beside.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(beside):
        compute()
    torch.cuda.current_stream(device).wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
        found = compute()
    return graph, found
