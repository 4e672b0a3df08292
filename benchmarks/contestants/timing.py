"""From moments to tokens a second."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep
from typing import Any


def train_outcome(
    job: dict[str, Any], *, step_started_at: Sequence[float], losses: Sequence[float], num_parameters: int
) -> dict[str, Any]:
    """What a training contestant gives back: the steps after the warm-up count, everything between them included.

    Args:
        job: of the contestant.
        step_started_at: seconds on any clock at which each step began, and at the end that at which the last ended.
        losses: of every step, in nats a token. They show that it trains.
        num_parameters: of its model, shared ones counted once.
    """
    counted = step_started_at[job["warmup_steps"] : job["warmup_steps"] + job["timed_steps"] + 1]
    seconds = counted[-1] - counted[0]
    return {
        "tokens_per_second": job["timed_steps"] * job["step_tokens"] / seconds,
        "step_seconds": [round(end - begin, 4) for begin, end in itertools.pairwise(counted)],
        "first_step_seconds": round(step_started_at[1] - step_started_at[0], 2),
        "tokens": (len(step_started_at) - 1) * job["step_tokens"],
        "first_loss": round(losses[0], 4),
        "last_loss": round(losses[-1], 4),
        "parameters": num_parameters,
    }


def finish_on(device: str) -> None:
    """Wait until a GPU has done what it was told to: until then a moment says nothing."""
    if device == "cuda":
        import torch

        torch.cuda.synchronize()


def wait_for_turn(job: dict[str, Any]) -> None:
    """Say that everything is compiled, and wait until all others are stopped (``benchmarks/turns.py``).

    At once where nobody gives turns, or where it has come already.
    """
    if "turn" not in job or (Path(job["turn"]) / "go").exists():
        return
    if job.get("device") == "cuda":
        import torch

        torch.cuda.empty_cache()  # others need the memory for their first step
    (Path(job["turn"]) / "ready").touch()
    while not (Path(job["turn"]) / "go").exists():
        sleep(0.05)


class Clock:
    """Seconds since it was made: on the wall, and of processor time, which other load on the machine doesn't touch."""

    def __init__(self) -> None:
        self._wall, self._processor = perf_counter(), _processor_seconds()

    def read(self) -> dict[str, float]:
        """As contestants give it back."""
        return {
            "seconds": perf_counter() - self._wall,
            "processor_seconds": _processor_seconds() - self._processor,
        }


def _processor_seconds() -> float:
    """Of this process and of its children that ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


class Stopwatch:
    """Seconds since it was made, without those for which it was paused."""

    def __init__(self) -> None:
        self._started = perf_counter()
        self._paused = 0.0

    def read(self) -> float:
        """Not within ``paused``."""
        return perf_counter() - self._started - self._paused

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What is done inside does not count."""
        began = perf_counter()
        try:
            yield
        finally:
            self._paused += perf_counter() - began
