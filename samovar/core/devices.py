"""What this machine is, and how torch is best set up on it."""

from __future__ import annotations

import ctypes
import gc
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_GPU_DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
"""Files of NVIDIA's driver, of Windows' for Linux within it, and of AMD's."""


def describe() -> dict[str, Any]:
    """Processor, cores and memory: what a benchmark's result or a probe is valid for."""
    import psutil

    flags = _cpu_flags()
    return {
        "processor": processor_name(),
        "cores": num_cores(),
        "memory_bytes": psutil.virtual_memory().total,
        "features": [name for name in ("amx_bf16", "avx512_bf16", "avx512_vnni", "avx2") if name in flags],
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def num_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor_name() -> str:
    """The processor's name as the system tells it."""
    for line in _cpuinfo():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def training_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the processor multiplies it natively, else float32.

    Without native products bfloat16 is emulated and slower than float32.
    """
    import torch

    if device.type == "cuda":
        return torch.bfloat16
    has_native = bool({"amx_bf16", "avx512_bf16"} & _cpu_flags())
    return torch.bfloat16 if has_native else torch.float32


def pick_device() -> torch.device:
    """The GPU when there is one, else the CPU."""
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def has_gpu() -> bool:
    """Whether work goes to a GPU. Where no driver is, torch is not asked: to load it takes a second."""
    return any(Path(name).exists() for name in _GPU_DRIVERS) and pick_device().type == "cuda"


def can_compile() -> bool:
    """Whether torch.compile finds the C++ compiler that it needs on a CPU."""
    return any(shutil.which(name) for name in (os.environ.get("CXX", "g++"), "clang++"))


def keep_freed_memory() -> None:
    """Tell glibc to keep freed blocks for the next step rather than give them back to the system.

    A training step allocates and frees the same large blocks; each return costs a page fault per 4 KiB on reuse.
    """
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(_M_MMAP_THRESHOLD, 1 << 30)
        libc.mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)
    except (OSError, AttributeError):
        return  # another libc: the default stands


def device_name(device: torch.device) -> str:
    """The GPU's name as its driver has it, else the processor's."""
    import torch

    return torch.cuda.get_device_name(device) if device.type == "cuda" else processor_name()


def memory_in_use(device: torch.device | None = None) -> int:
    """Bytes: the most that torch had on a GPU since the start, else what this process has now."""
    import psutil

    if device is not None and device.type == "cuda":
        import torch

        return int(torch.cuda.max_memory_allocated(device))
    return int(psutil.Process().memory_info().rss)


def give_back_freed_memory() -> None:
    """Give the system what ``keep_freed_memory`` made glibc keep, and a GPU what torch keeps of it.

    After a stage, as the next one has other shapes; and now and then in a training, whose rows have many lengths: the
    heap falls into pieces, and of 1.3 GB that it held after 70 steps 0.4 were in use.
    """
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError):
        return  # another libc, which keeps its own house


def _cpu_flags() -> set[str]:
    for line in _cpuinfo():
        if line.startswith("flags"):
            return set(line.split(":", 1)[1].split())
    return set()


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.is_file() else []
