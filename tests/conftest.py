"""How the tests are spread over the cores: `make test` runs a process a core, and none of them computes on more."""

from __future__ import annotations

import gc
import os
import sys

from samovar.core.devices import num_cores

MEMORY_OF_ONE_BYTES = 3 * 2**30
"""What a process of the tests is given room for: torch, transformers, and the tiny models of one test."""

FEW_MODULES = 50
"""So many more may be there before they are worth the look."""

# Before torch is imported, which reads it once. Two processes with two threads each on two cores take longer than one.
if processes := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, num_cores() // int(processes))))


def pytest_xdist_auto_num_workers() -> int:
    """Processes for ``-n auto``: one a core, and no more than the memory holds."""
    import psutil

    return max(1, min(num_cores(), psutil.virtual_memory().total // MEMORY_OF_ONE_BYTES))


_frozen_modules = 0


def pytest_collection_finish() -> None:
    """Spare the garbage collector what lives as long as the tests: every module, and the tests themselves.

    Each stage of a brew ends with a full collection, as each checkpoint does, which took ten times as long as the tiny
    stage did.
    """
    global _frozen_modules
    gc.collect()
    gc.freeze()
    _frozen_modules = len(sys.modules)


def pytest_runtest_setup() -> None:
    """Spare it what tests import when they run as well, such as transformers, of which there is most."""
    if len(sys.modules) > _frozen_modules + FEW_MODULES:
        pytest_collection_finish()
