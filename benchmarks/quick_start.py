"""How long does the quick start take, how well does its assistant answer, and how fast does the command line start?

    python -m benchmarks.quick_start quickstart

DIR is a brewed project. Brewing time and accuracy are those that its stages wrote down; what takes seconds is timed
here, in processes of their own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.contest import Spread, environment, say
from benchmarks.result import RESULTS, exit_with, markdown_table, write_result
from samovar.brew.graph import resolve
from samovar.brew.project import open_project
from samovar.brew.recipe import load_recipe
from samovar.brew.stage import load_stages
from samovar.core.artifact import Manifest
from samovar.core.devices import describe
from samovar.core.errors import MissingError, SamovarError

QUESTION = "Time to brew the quick start, accuracy of its assistant, and time to start the command line"
MESSAGE, ANSWER = "Сколько будет 17*24?", "408"
MINUTES_WITH_AMX, MINUTES_WITHOUT = 15, 40
ACCURACY = {"arithmetic": 0.9, "small_talk": 0.9, "passage_questions": 0.7}
"""Least share of right answers, in each language."""
CHAT_S, HELP_S, SECOND_BREW_S = 4.0, 0.5, 2.0


class Line(NamedTuple):
    """One measured number beside its target."""

    what: str
    measured: str
    target: str = ""
    is_met: bool | None = None
    """None: there is no target."""


def read_manifests(folder: Path) -> dict[str, Manifest]:
    """The manifest of every stage.

    Raises:
        MissingError: a stage is not made: timing `samovar brew` would brew.
    """
    project = open_project(folder)
    items = resolve(project, load_recipe(project.recipe_file), load_stages())
    missing = [item.name for item in items if item.manifest is None]
    if missing:
        raise MissingError(f"{folder} is not brewed: {', '.join(missing)} to make", hint=f"samovar brew {folder}")
    return {item.name: item.manifest for item in items if item.manifest is not None}


def time_command(arguments: Sequence[str], *, times: int, threads: int, says: str = "") -> Spread:
    """Seconds of a command in a fresh process.

    Raises:
        SamovarError: it failed, or did not say what it should.
    """
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        done = subprocess.run(
            [str(_samovar()), *arguments],
            env=environment(threads),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds.append(time.perf_counter() - started)
        if done.returncode != 0:
            raise SamovarError(
                f"samovar {arguments[0]} ended with code {done.returncode}: {done.stderr.strip()[-800:]}"
            )
        if says not in done.stdout:
            say(f"warning: samovar {' '.join(arguments)} said {done.stdout.strip()!r}, which has no {says}")
    return Spread.of(seconds)


def _samovar() -> Path:
    path = Path(sys.executable).with_name("samovar")
    if not path.is_file():
        raise MissingError(f"{path} does not exist", hint="run this with the Python of the .venv that has Samovar")
    return path


def measure(folder: Path, *, times: int, threads: int) -> dict[str, Any]:
    """All the numbers, JSON-able."""
    manifests = read_manifests(folder)
    commands = {
        "second_brew": time_command(["brew", str(folder)], times=times, threads=threads),
        "chat": time_command(["chat", str(folder), "-m", MESSAGE], times=times, threads=threads, says=ANSWER),
        "help": time_command(["--help"], times=times, threads=threads),
    }
    return {
        "stage_seconds": {name: manifest.seconds for name, manifest in manifests.items()},
        "brew_seconds": round(sum(manifest.seconds for manifest in manifests.values()), 1),
        "command_seconds": {
            name: {key: round(value, 3) for key, value in spread._asdict().items()} for name, spread in commands.items()
        },
        "parameters": manifests["eval"].metrics["parameters"],
        "tasks": manifests["eval"].metrics["tasks"],
        "config": {name: manifest.config for name, manifest in manifests.items()},
    }


def lines(measured: Mapping[str, Any], *, has_amx: bool) -> list[Line]:
    """Every number with its target."""
    return [_brew_line(measured, has_amx), *_command_lines(measured), *_accuracy_lines(measured)]


def _brew_line(measured: Mapping[str, Any], has_amx: bool) -> Line:
    minutes, limit = measured["brew_seconds"] / 60, MINUTES_WITH_AMX if has_amx else MINUTES_WITHOUT
    return Line("brew", f"{minutes:.1f} min", f"{limit} min {'with' if has_amx else 'without'} AMX", minutes <= limit)


def _command_lines(measured: Mapping[str, Any]) -> list[Line]:
    wanted = (
        ("second_brew", "second `samovar brew`", SECOND_BREW_S),
        ("chat", f'`samovar chat -m "{MESSAGE}"`', CHAT_S),
        ("help", "`samovar --help`", HELP_S),
    )
    found = []
    for name, what, limit_s in wanted:
        spread = measured["command_seconds"][name]
        text = f"{spread['median']:.2f} s ({spread['low']:.2f} to {spread['high']:.2f})"
        found.append(Line(what, text, f"{limit_s:g} s", spread["median"] <= limit_s))
    return found


def _accuracy_lines(measured: Mapping[str, Any]) -> list[Line]:
    found = []
    for task, by_language in measured["tasks"].items():
        for language, score in by_language.items():
            least = ACCURACY.get(task)
            text = f"{score['score']:.1%} ({score['low']:.1%} to {score['high']:.1%}) of {score['count']}"
            target = "" if least is None else f"{least:.0%}"
            found.append(Line(f"{task}, {language}", text, target, None if least is None else score["score"] >= least))
    return sorted(found, key=lambda line: line.is_met is None)


def table(found: Sequence[Line]) -> str:
    """The lines for people."""
    met = {True: "yes", False: "NO", None: ""}
    return markdown_table(
        ["what", "measured", "target", "met"], [[one.what, one.measured, one.target, met[one.is_met]] for one in found]
    )


def main() -> None:
    """Measure, write the result, print the table."""
    options = _options()
    measured = measure(options.project, times=options.times, threads=options.threads)
    found = lines(measured, has_amx="amx_bf16" in describe()["features"])
    body = measured | {
        "settings": {"times": options.times, "threads": options.threads, "message": MESSAGE},
        "lines": [one._asdict() for one in found],
    }
    path = write_result("quick_start", QUESTION, body, folder=options.out)
    print(table(found))
    say(f"written to {path}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path, help="a brewed project")
    parser.add_argument("--times", type=int, default=5, help="runs of each command")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)
