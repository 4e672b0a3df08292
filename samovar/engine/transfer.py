"""Small tensors on their way to a GPU without anybody waiting."""

from __future__ import annotations

import torch
from torch import Tensor


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """``tensor``, which lies on the processor, on ``device``; the copy is queued, not waited for.

    From memory that the system may page out, a copy would wait until the GPU has done all that it was told before.
    """
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)
