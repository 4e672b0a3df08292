"""Starting several processes as a user does, by torchrun."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def setting() -> dict[str, str]:
    """The environment of a process that finds the package, and leaves a core to its neighbour."""
    return os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def torchrun(processes: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script, or ``-m module``, in so many processes of this machine, over the loopback, and wait."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    return subprocess.run(
        [*command, *arguments], env=setting(), capture_output=True, text=True, timeout=180, check=False
    )
