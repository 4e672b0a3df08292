"""Contestants on one GPU: they get ready beside each other, and each is timed alone.

To compile a peer's graphs takes one processor core for a minute or two, and its timed steps a few seconds of the GPU.
So the contestants of several lanes compile at once; as soon as one has done its first step, all others are stopped
until it has ended.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.contest import ROOT, Contestant, ContestantError, environment, outcome_of, process_of

_POLL_S = 0.05
_TURN_S = 90.0
"""Most of a turn: who hangs in it holds up everybody."""


def take_turns(
    lanes: Sequence[Sequence[Contestant]], *, threads: int, limit_s: float
) -> Iterator[tuple[Contestant, dict[str, Any] | ContestantError]]:
    """Run all, and give each with its outcome, or with why there is none, as soon as it has ended.

    Args:
        lanes: a lane's contestants run one after another, beside those of the other lanes; they call
            ``timing.wait_for_turn`` when they are ready.
        threads: of the processor, for each.
        limit_s: after it whoever still runs is ended.
    """
    stage = _Stage(threads, limit_s)
    ended: queue.SimpleQueue[tuple[Contestant, dict[str, Any] | ContestantError]] = queue.SimpleQueue()

    def play(lane: Sequence[Contestant]) -> None:
        for one in lane:
            try:
                ended.put((one, stage.run(one)))
            except ContestantError as error:
                ended.put((one, error))

    for lane in lanes:
        threading.Thread(target=play, args=(lane,), daemon=True).start()
    try:
        for _ in range(sum(map(len, lanes))):
            yield ended.get()
    finally:
        stage.end()


class _Stage:
    """The machine, of which one contestant at a time has the turn."""

    def __init__(self, threads: int, limit_s: float) -> None:
        self._threads = threads
        self._ends_at = time.monotonic() + limit_s
        self._turn = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()

    def run(self, one: Contestant) -> dict[str, Any]:
        """From its start to its outcome."""
        with TemporaryDirectory() as name:
            folder = Path(name)
            job = json.dumps({**one.job, "turn": name})
            with (folder / "said").open("wb") as said, self._turn:  # nobody starts while somebody is timed
                process = subprocess.Popen(
                    process_of(one, job, folder / "outcome.json"),
                    cwd=ROOT,
                    env=environment(self._threads),
                    stdout=said,
                    stderr=said,
                    process_group=0,  # what it starts in order to compile is stopped with it
                )
                self._running.add(process)
            try:
                self._wait(one, process, (folder / "ready").exists, until=time.monotonic() + one.timeout_s)
                with self._turn, self._others_stopped(process):
                    (folder / "go").touch()
                    self._wait(one, process, lambda: False, until=time.monotonic() + _TURN_S)
            finally:
                self._running.discard(process)
                _signal(process, signal.SIGKILL)
                process.wait()
            said_in = (folder / "said").read_text(encoding="utf-8", errors="replace")
            return outcome_of(one, process.returncode, said_in, folder / "outcome.json")

    def end(self) -> None:
        """End who still runs, and let nobody begin."""
        self._ends_at = 0.0
        for process in tuple(self._running):
            _signal(process, signal.SIGKILL)

    def _wait(
        self, one: Contestant, process: subprocess.Popen[bytes], is_enough: Callable[[], bool], *, until: float
    ) -> None:
        """Until that is so, or the process has ended."""
        while process.poll() is None and not is_enough():
            if time.monotonic() > min(until, self._ends_at):
                raise ContestantError(f"{one.label} did not finish in time")
            time.sleep(_POLL_S)

    @contextmanager
    def _others_stopped(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        others = self._running - {process}
        for other in others:
            _signal(other, signal.SIGSTOP)
        try:
            yield
        finally:
            for other in others:
                _signal(other, signal.SIGCONT)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """To the process and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
