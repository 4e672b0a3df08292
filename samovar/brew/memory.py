"""Peak memory of this process, per stage where the system lets the mark be reset; on a GPU, of the stage's tensors."""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import Any

_STATUS = Path("/proc/self/status")


def reset_peak_memory() -> None:
    """Start the high-water mark anew (Linux); elsewhere the peak of the whole process is all there is."""
    gpu = _gpu()
    if gpu is not None:
        gpu.reset_peak_memory_stats()
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:  # not Linux, or a container that forbids it
        return


def peak_memory_bytes() -> int:
    """The high-water mark since the last reset: of torch's memory on a GPU, where more of it was in use than now is."""
    gpu = _gpu()
    if gpu is not None and gpu.max_memory_allocated() > gpu.memory_allocated():
        return int(gpu.max_memory_reserved())
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
