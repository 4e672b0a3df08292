"""What the machine's memory gives: the most bytes a second that its threads can read and do nothing with."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import torch

_BYTES = 512 * 2**20


def run(job: dict[str, Any]) -> dict[str, Any]:
    """The best of a few sums over half a gigabyte."""
    torch.set_num_threads(job["threads"])
    numbers = torch.ones(_BYTES // 4, dtype=torch.float32)
    best = 0.0
    for _ in range(8):
        started = perf_counter()
        numbers.sum()
        best = max(best, _BYTES / (perf_counter() - started))
    return {"bytes_per_second": best}
