"""Copies of a run's numbers for Weights & Biases or Trackio, where the recipe asks for them.

Nothing leaves the machine by itself. wandb is told to stay offline unless the user set WANDB_MODE; what it wrote is
sent by `wandb sync`. Trackio keeps its runs in a folder of the user's, and sends them only where TRACKIO_SPACE_ID or
TRACKIO_SERVER_URL say so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from samovar.core.extras import require

PROJECT = "samovar"
TrackerName = Literal["wandb", "trackio"]


class Trackers:
    """The trackers of one run; none by default."""

    def __init__(self, names: Sequence[TrackerName], folder: Path, *, config: Mapping[str, Any] | None = None) -> None:
        """Open ``names`` for the run in ``folder``, whose name is the run's.

        Raises:
            MissingError: a tracker is not installed.
        """
        openers: dict[str, Callable[[Path, dict[str, Any]], Any]] = {"wandb": _open_wandb, "trackio": _open_trackio}
        self._runs = [openers[name](folder, dict(config or {})) for name in names]

    def write(self, step: int, row: Mapping[str, Any]) -> None:
        """Add the numbers and texts of a step."""
        for run in self._runs:
            run.log(dict(row), step=step)

    def close(self) -> None:
        """Write out what is buffered."""
        for run in self._runs:
            run.finish()


def run_name(folder: Path) -> str:
    """``sft-1234.partial`` -> ``sft-1234``: a stage's run is called as its artifact will be."""
    return folder.name.removesuffix(".partial")


def _open_wandb(folder: Path, config: dict[str, Any]) -> Any:
    wandb = require("wandb", extra="trackers")
    mode = os.environ.get("WANDB_MODE", "offline")
    project = os.environ.get("WANDB_PROJECT", PROJECT)
    name = run_name(folder)
    # The id and resume make a run that goes on one run, and not two.
    return wandb.init(project=project, name=name, id=name, resume="allow", dir=str(folder), mode=mode, config=config)


def _open_trackio(folder: Path, config: dict[str, Any]) -> Any:
    trackio = require("trackio", extra="trackers")
    project = os.environ.get("TRACKIO_PROJECT", PROJECT)
    return trackio.init(project=project, name=run_name(folder), resume="allow", embed=False, config=config)
