"""What a run writes down as it goes: metrics.jsonl for programs, TensorBoard files for eyes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tensorboardX import SummaryWriter

from samovar.core.errors import CorruptError
from samovar.core.files import naming_os_errors, write_atomic

METRICS = "metrics.jsonl"


class Journal:
    """Appends rows ``{"step": …, "loss": …}``; a resumed run drops the rows after its checkpoint."""

    def __init__(self, folder: Path, *, first_step: int) -> None:
        self._path = folder / METRICS
        self.last_row: dict[str, Any] = {}
        """A run that was killed after its last step has no step left to take its numbers from."""
        if self._path.is_file():
            kept = [row for row in read_metrics(self._path) if row["step"] <= first_step]
            write_atomic(self._path, "".join(json.dumps(row) + "\n" for row in kept))
            self.last_row = kept[-1] if kept else {}
        self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=first_step or None)

    def write(self, step: int, row: dict[str, Any]) -> None:
        """Add one row; its numbers also go to TensorBoard."""
        self.last_row = {"step": step, **row}
        with naming_os_errors(self._path), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(self.last_row, ensure_ascii=False) + "\n")
        for name, value in row.items():
            if isinstance(value, int | float):
                self._board.add_scalar(name, value, step)
            elif isinstance(value, str):
                self._board.add_text(name, value, step)

    def close(self) -> None:
        """Flush TensorBoard's file."""
        self._board.close()


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The rows of a metrics.jsonl; a last line cut off by a crash is left out."""
    rows = []
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError as error:
            if number < len(lines):
                raise CorruptError(f"{path}:{number} is not JSON", hint=f"delete line {number}") from error
    return rows
