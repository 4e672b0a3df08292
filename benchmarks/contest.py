"""Contestants, each round in a process of its own, one after another and round by round.

Interleaved rounds (A B C A B C) spread a slow minute of the machine over all. A process of its own gives each the same
fresh allocator, threads and caches.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from samovar.core.errors import SamovarError

ROOT = Path(__file__).parents[1]
TIMEOUT_S = 900
_TAIL_CHARACTERS = 1500


class ContestantError(SamovarError, RuntimeError):
    """A contestant did not finish."""


class Contestant(NamedTuple):
    """Somebody to measure."""

    label: str
    module: str
    """A file under ``contestants``."""
    job: Mapping[str, Any]
    """What its ``run`` is given."""
    group: str = ""
    """Variants of one contestant share a group; after the first round only the fastest of them plays on."""
    python: str = sys.executable
    """The Python that runs it: a peer whose packages would not go together with ours has an environment of its own."""
    timeout_s: float = TIMEOUT_S
    """How long one round may take."""
    compiles_anew: bool = False
    """Whether torch finds nothing that an earlier round compiled."""


class Spread(NamedTuple):
    """A number measured several times."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of at least one value."""
        return cls(statistics.median(values), min(values), max(values))


def play(
    contestants: Sequence[Contestant], *, rounds: int, threads: int, measure: str
) -> dict[str, list[dict[str, Any]]]:
    """Run every contestant ``rounds`` times.

    Args:
        contestants: in the order of a round.
        rounds: how many.
        threads: of the processor, for each.
        measure: the key of an outcome by which the fastest variant of a group is chosen.
    Returns:
        label -> outcomes, one a round; variants that were dropped have one.
    Raises:
        ContestantError: one did not finish.
    """
    outcomes: dict[str, list[dict[str, Any]]] = {one.label: [] for one in contestants}
    playing = list(contestants)
    for number in range(rounds):
        for one in playing:
            started = time.monotonic()
            outcomes[one.label].append(run_alone(one, threads=threads))
            value, seconds = outcomes[one.label][-1][measure], time.monotonic() - started
            say(f"round {number + 1}/{rounds}  {one.label}: {value:,.0f} {measure.replace('_', ' ')} ({seconds:.0f} s)")
        if number == 0:
            playing = fastest_of_groups(playing, outcomes, measure)
    return outcomes


def fastest_of_groups(
    contestants: Iterable[Contestant], outcomes: Mapping[str, Sequence[Mapping[str, Any]]], measure: str
) -> list[Contestant]:
    """One contestant a group, by its first outcome; those without a group all stay."""
    best: dict[str, Contestant] = {}
    for one in contestants:
        key = one.group or one.label
        if key not in best or outcomes[one.label][0][measure] > outcomes[best[key].label][0][measure]:
            best[key] = one
    return list(best.values())


def run_alone(contestant: Contestant, *, threads: int) -> dict[str, Any]:
    """One round of one contestant in a fresh process."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "outcome.json"
        command = process_of(contestant, json.dumps(contestant.job), out)
        surroundings = environment(threads)
        if contestant.compiles_anew:
            surroundings["TORCHINDUCTOR_CACHE_DIR"] = str(Path(folder) / "compiled")
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=surroundings,
                capture_output=True,
                encoding="utf-8",
                errors="replace",  # processes of one contestant write their progress across one another
                timeout=contestant.timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ContestantError(f"{contestant.label} did not finish in {contestant.timeout_s:.0f} seconds") from error
        return outcome_of(contestant, done.returncode, done.stderr, out)


def process_of(contestant: Contestant, job: str, out: Path) -> list[str]:
    """The command that runs a round and writes its outcome to ``out``."""
    return [contestant.python, "-m", "benchmarks.contest", contestant.module, job, str(out)]


def outcome_of(contestant: Contestant, code: int, said: str, out: Path) -> dict[str, Any]:
    """What an ended process wrote.

    Raises:
        ContestantError: it ended with another code than 0, or wrote nothing.
    """
    if code != 0 or not out.is_file():
        raise ContestantError(
            f"{contestant.label} ended with code {code}: {said.strip()[-_TAIL_CHARACTERS:]}",
            hint="leave it out with --without, or mend what it says",
        )
    outcome: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return outcome


def environment(threads: int) -> dict[str, str]:
    """This process's environment with the threads of every library set, and nothing looked up on the network."""
    count = str(threads)
    return {
        **os.environ,
        "OMP_NUM_THREADS": count,
        "MKL_NUM_THREADS": count,
        "OPENBLAS_NUM_THREADS": count,
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1",
    }


def say(text: str) -> None:
    """One line of progress on stderr."""
    print(text, file=sys.stderr, flush=True)


def peak_memory_bytes() -> int:
    """The most memory this process held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _main(arguments: Sequence[str]) -> None:
    """The process of one contestant: module, job, file for the outcome."""
    module, job, out = arguments
    outcome = importlib.import_module(f"benchmarks.contestants.{module}").run(json.loads(job))
    outcome["peak_memory_bytes"] = peak_memory_bytes()
    if json.loads(job).get("device") == "cuda":
        outcome["gpu_memory_bytes"] = importlib.import_module("torch").cuda.max_memory_reserved()
    Path(out).write_text(json.dumps(outcome), encoding="utf-8")


if __name__ == "__main__":
    _main(sys.argv[1:])
