"""What kernels in Triton need of a machine beside its GPU."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sysconfig
from pathlib import Path


def objection() -> str:
    """Why kernels cannot be compiled here, in a few words; empty where they can."""
    if importlib.util.find_spec("triton") is None:
        return "Triton is not installed"
    # Triton compiles what launches its kernels, which is C for this Python.
    if not any(shutil.which(name) for name in (os.environ.get("CC", "cc"), "gcc", "clang")):
        return "there is no C compiler"
    if not (Path(sysconfig.get_paths()["include"]) / "Python.h").is_file():
        return "Python's headers are not installed"
    return ""
