"""The rows of a training run's metrics.jsonl, read as they are written."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samovar.core.errors import CorruptError
from samovar.train.journal import SIGNS, Point, is_of_iteration

RECENT_SECONDS = 60.0
"""Over which the speed is taken."""
SMOOTHING = 0.1
"""Weight of a new value in the running mean."""


@dataclass(slots=True)
class Curve:
    """What a run is watched by, against how far it has come."""

    points: list[Point] = field(default_factory=list)
    checks: list[Point] = field(default_factory=list)
    """The same kind of number on what was held out."""
    smoothed: float | None = None

    def add(self, place: float, value: float) -> None:
        """Take one more value."""
        self.points.append(Point(place, value))
        self.smoothed = value if self.smoothed is None else self.smoothed + SMOOTHING * (value - self.smoothed)


@dataclass(slots=True)
class Rows:
    """What is kept of a run's rows: numbers for the curves, and the last of everything else.

    Most runs go over tokens and have a loss. One that learns from its own answers goes by iterations, and has the
    reward of its answers, or the share of them that was right.
    """

    tokens: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    gradient_norm: list[float] = field(default_factory=list)
    loss: Curve = field(default_factory=Curve)
    reward: Curve = field(default_factory=Curve)
    is_by_iterations: bool = False
    last: dict[str, Any] = field(default_factory=dict)
    samples: dict[str, str] = field(default_factory=dict)
    first_samples: dict[str, str] = field(default_factory=dict)
    """The first ones, for who wants to see what has become of them."""
    signs: list[str] = field(default_factory=list)
    """What the run has told of itself that goes wrong, in words."""

    @property
    def curve(self) -> Curve:
        """The one to look at."""
        return self.reward if self.is_by_iterations else self.loss

    def add(self, row: dict[str, Any]) -> None:
        """Take one row of metrics.jsonl."""
        seconds = float(row["seconds"])
        if is_of_iteration(row):
            self._add_iteration(row)
        else:
            self._add_step(row)
        self.last = row
        self.seconds.append(seconds)
        found = {name: value for name, value in row.items() if name.startswith("sample") and isinstance(value, str)}
        self.samples = found or self.samples
        self.first_samples = self.first_samples or found
        if SIGNS in row:
            self.signs.append(str(row[SIGNS]))

    def _add_step(self, row: dict[str, Any]) -> None:
        tokens, loss = float(row["tokens"]), float(row["loss"])
        self.tokens.append(tokens)
        self.loss.add(tokens, loss)
        self.gradient_norm.append(float(row.get("gradient_norm", 0.0)))
        if row.get("validation_loss") is not None:
            self.loss.checks.append(Point(tokens, float(row["validation_loss"])))

    def _add_iteration(self, row: dict[str, Any]) -> None:
        self.is_by_iterations = True
        iteration = float(row["step"])
        value = row.get("reward", row.get("success"))
        if value is not None:  # before the first iteration there is only what was held out
            self.reward.add(iteration, float(value))
        if row.get("held_out") is not None:
            self.reward.checks.append(Point(iteration, float(row["held_out"])))

    def tokens_per_second(self) -> float | None:
        """Over the last minute of the run; None before its second row, and of a run that goes by iterations."""
        if len(self.tokens) < 2:
            return None
        first = len(self.seconds) - 2
        while first > 0 and self.seconds[-1] - self.seconds[first] < RECENT_SECONDS:
            first -= 1
        seconds = self.seconds[-1] - self.seconds[first]
        return (self.tokens[-1] - self.tokens[first]) / seconds if seconds > 0 else None


class Tail:
    """The rows of a metrics.jsonl that grows: each call reads what was added since the last one.

    A run that goes on from a checkpoint writes the file anew: then everything is read again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = Rows()
        self._inode = -1
        self._offset = 0
        self._rest = b""

    def read(self) -> Rows:
        """All rows so far; a last line that is not whole yet waits for its end."""
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                if status.st_ino != self._inode or status.st_size < self._offset:
                    self.rows, self._inode, self._offset, self._rest = Rows(), status.st_ino, 0, b""
                file.seek(self._offset)
                added = file.read()
        except FileNotFoundError:
            return self.rows
        self._offset += len(added)
        *lines, self._rest = (self._rest + added).split(b"\n")
        for line in lines:
            if line.strip():
                self._add(line)
        return self.rows

    def _add(self, line: bytes) -> None:
        try:
            self.rows.add(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            raise CorruptError(f"{self.path} has a damaged line: {line[:80]!r}", hint="delete that line") from error
