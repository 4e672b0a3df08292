"""What this machine multiplies at most: the roof that a model's rate is measured against."""

from __future__ import annotations

import time

import torch
import torch.nn.functional as F

from samovar.core.devices import pick_device, training_dtype
from samovar.core.own_time import OwnTime

_SIDES = {"cpu": 2048, "cuda": 8192}
_SECONDS = 0.5


def measure_peak() -> dict[str, float]:
    """FLOPs a second of one large square product in the type that training computes in, the best of half a second.

    Returns:
        flops_per_second, and compute_bytes of that type.
    """
    device = pick_device()
    dtype = training_dtype(device)
    side = _SIDES[device.type]
    left, right = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    seconds: list[float] = []
    until = time.perf_counter() + _SECONDS
    while len(seconds) < 3 or time.perf_counter() < until:  # the first one makes the kernel
        watch = OwnTime()
        F.linear(left, right)
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(watch.seconds())
    return {"flops_per_second": 2 * side**3 / min(seconds), "compute_bytes": dtype.itemsize}
