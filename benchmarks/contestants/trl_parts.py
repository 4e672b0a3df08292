"""What TRL's contestants share: who watches the clock, settings that are no part of the work, and the reward.

Nothing of Samovar's library is imported, so that they can run in an environment of their own.
"""

from __future__ import annotations

import json
import time
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from transformers import TrainerCallback

QUIETLY: dict[str, Any] = {
    "use_cpu": True, "save_strategy": "no", "report_to": [], "disable_tqdm": True, "logging_steps": 1,
}  # fmt: skip
"""Nothing is saved or shown."""


class Counted(NamedTuple):
    """The steps after the warm-up."""

    first: int
    """The number of the last step that does not count, from 0."""
    steps: int
    seconds: float
    step_seconds: list[float]


class Watch(TrainerCallback):  # type: ignore[misc]
    """Notes the time after each step and the numbers that are logged; stops after so many steps or seconds."""

    def __init__(self, *, steps: int | None = None, seconds: float | None = None, least: int = 2) -> None:
        """Watch.

        Args:
            steps: after which to stop; None: when the trainer does.
            seconds: after which to stop, at a step's end; None: never.
            least: steps that are done whatever they take.
        """
        self._steps, self._seconds, self._least = steps, seconds, least
        self._started = time.perf_counter()
        self.ended_at: list[float] = []
        self._logged: dict[str, list[float]] = {}

    def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Before the first batch is read."""
        self._started = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """After the optimizer."""
        self.ended_at.append(time.perf_counter() - self._started)
        is_late = self._seconds is not None and self.ended_at[-1] > self._seconds and len(self.ended_at) > self._least
        if is_late or len(self.ended_at) == self._steps:
            control.should_training_stop = True

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **others: Any) -> None:
        """Every step."""
        for name, value in (logs or {}).items():
            if isinstance(value, int | float):
                self._logged.setdefault(name, []).append(float(value))

    def logged(self, name: str) -> list[float]:
        """What was logged under this name, step by step."""
        return self._logged[name]

    def counted(self, warmup_steps: int) -> Counted:
        """The steps that count; one at least."""
        first = min(warmup_steps, len(self.ended_at) - 1) - 1
        ends = self.ended_at[first:]
        each = [round(end - begin, 4) for begin, end in pairwise(ends)]
        return Counted(first, len(ends) - 1, ends[-1] - ends[0], each)


def read_rows(path: str) -> list[dict[str, Any]]:
    """The rows of a file of JSON Lines."""
    with Path(path).open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def vowels(completions: list[Any], **others: Any) -> list[float]:
    """The share of vowels in each answer."""
    texts = [one if isinstance(one, str) else one[-1]["content"] for one in completions]
    return [sum(letter in "aeiou" for letter in text.lower()) / max(1, len(text)) for text in texts]
