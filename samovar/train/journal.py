"""What a run writes down as it goes: metrics.jsonl for programs, TensorBoard for eyes, run.json for what is to come."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from samovar.core.errors import CorruptError
from samovar.core.files import json_line, naming_os_errors, write_json, write_json_lines
from samovar.train.trackers import TrackerName, Trackers

METRICS = "metrics.jsonl"
RUN = "run.json"
SIGNS = "signs"
"""Key of a row's words on what goes wrong."""


class Point(NamedTuple):
    """A number of a run at a place of its curve."""

    place: float
    """Tokens seen, or iterations."""
    value: float


class SilentJournal:
    """Of a process that is not the first of its run: the last row is remembered, and nothing is written."""

    def __init__(self) -> None:
        self.last_row: dict[str, Any] = {"seconds": 0.0}

    def write(self, step: int, row: dict[str, Any]) -> None:
        """Remember the row."""
        self.last_row = {"step": step, **row}

    def close(self) -> None:
        """Nothing is open."""


class Journal(SilentJournal):
    """Appends rows ``{"step": …, "loss": …}``; a resumed run drops the rows after its checkpoint."""

    def __init__(
        self, folder: Path, *, first_step: int, about: Mapping[str, Any], trackers: Sequence[TrackerName] = ()
    ) -> None:
        """Open the journal in ``folder``.

        Args:
            about: what the run is going to be, as JSON: steps, tokens, parameters and the like; the number of this
                process is added.
            trackers: who else is told.
        Raises:
            MissingError: a tracker is not installed.
        """
        # Who watches a run reads the names above, and has no use for TensorBoard.
        from tensorboardX import SummaryWriter

        self._trackers = Trackers(trackers, folder, config=about)
        write_json(folder / RUN, {**about, "process": os.getpid()})
        self._path = folder / METRICS
        self.last_row: dict[str, Any] = {}
        """A run that was killed after its last step has no step left to take its numbers from."""
        purge_step = None
        if self._path.is_file():
            purge_step = first_step + 1
            kept = [row for row in read_metrics(self._path) if row["step"] <= first_step]
            write_json_lines(self._path, kept)
            self.last_row = kept[-1] if kept else {}
        self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=purge_step)

    def write(self, step: int, row: dict[str, Any]) -> None:
        """Add one row; its numbers also go to TensorBoard."""
        self.last_row = {"step": step, **row}
        with naming_os_errors(self._path), self._path.open("a", encoding="utf-8") as file:
            file.write(json_line(self.last_row))
        self._trackers.write(step, row)
        for name, value in row.items():
            if isinstance(value, int | float):
                self._board.add_scalar(name, value, step)
            elif isinstance(value, str):
                self._board.add_text(name, value, step)

    def close(self) -> None:
        """Flush TensorBoard's file, and the trackers."""
        self._board.close()
        self._trackers.close()


def is_of_iteration(row: Mapping[str, Any]) -> bool:
    """Whether a row is of a run that learns from its own answers: such a run goes by iterations, others over tokens."""
    return any(name in row for name in ("reward", "success", "held_out"))


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The rows of a metrics.jsonl; a last line cut off by a crash is left out."""
    rows = []
    # As bytes: in a text U+2028 and its like end a line too, and a crash may have cut a letter in two.
    lines = path.read_bytes().splitlines()
    for number, line in enumerate(lines, 1):
        try:
            rows.append(json.loads(line))
        except ValueError as error:  # of JSON, or of UTF-8
            if number < len(lines):
                raise CorruptError(f"{path}:{number} is not JSON", hint=f"delete line {number}") from error
    return rows
