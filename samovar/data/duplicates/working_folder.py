"""Where a step that needs the disk works."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path

from samovar.core.files import naming_os_errors
from samovar.data.steps.step import Step


def working_folder(step: Step) -> Path:
    """The step's ``scratch``; for a step used alone, where nobody set one, a temporary folder that goes with it."""
    if step.scratch == Path():
        step.scratch = Path(tempfile.mkdtemp(prefix=f"samovar-{step.name}-"))
        weakref.finalize(step, shutil.rmtree, step.scratch, ignore_errors=True)
    with naming_os_errors(step.scratch):
        step.scratch.mkdir(parents=True, exist_ok=True)
    return step.scratch
