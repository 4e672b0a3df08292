"""Peak memory of this process, since the mark was reset where the system lets it be; on a GPU, of torch's tensors."""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import Any

from samovar.brew.forecast import PROCESS_BYTES
from samovar.core.devices import memory_in_use

_STATUS = Path("/proc/self/status")


class StageMemory:
    """Made where a stage begins."""

    def __init__(self) -> None:
        self._is_anew = reset_peak_memory()
        self._before, self._mark = memory_in_use(), _process_peak()

    def taken_bytes(self) -> int | None:
        """The stage's peak so far, as a process of its own would have it; of torch's memory on a GPU that it used.

        What earlier stages left here beyond Python and its libraries is not counted. None where nobody can tell: the
        mark could not be reset, and an earlier stage had more.
        """
        on_gpu, peak = _gpu_peak(), _process_peak()
        if on_gpu is not None:
            return on_gpu
        if not self._is_anew and peak <= self._mark:
            return None
        return peak - max(0, self._before - PROCESS_BYTES)


def reset_peak_memory() -> bool:
    """Start the high-water mark anew. Gives whether the process's could be: on Linux alone."""
    gpu = _gpu()
    if gpu is not None:
        gpu.reset_peak_memory_stats()
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:  # not Linux, or a container that forbids it
        return False
    return True


def _gpu_peak() -> int | None:
    """What torch's pool held at most since the last reset, where more of it was in use than now is."""
    gpu = _gpu()
    if gpu is None or gpu.max_memory_allocated() <= gpu.memory_allocated():
        return None
    return int(gpu.max_memory_reserved())


def _process_peak() -> int:
    if _STATUS.is_file():
        for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    unit_bytes = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit_bytes


def _gpu() -> Any:
    """``torch.cuda`` where something has used it; torch is not loaded to ask."""
    torch = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_initialized() else None
