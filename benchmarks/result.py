"""The result file of a benchmark, and its table for people."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.contest import ROOT
from samovar.core.devices import describe
from samovar.core.errors import SamovarError
from samovar.core.files import write_json

RESULTS = ROOT / "benchmarks" / "results"


def write_result(name: str, question: str, body: Mapping[str, Any], *, folder: Path = RESULTS) -> Path:
    """Write ``<name>-<processor>-<date>.json`` with the machine and the versions beside ``body``."""
    machine = describe()
    path = folder / f"{name}-{slug(machine['processor'])}-{time.strftime('%Y-%m-%d')}.json"
    head = {
        "benchmark": name,
        "question": question,
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": machine,
        "load_average_1min": round(os.getloadavg()[0], 2),
        "versions": versions(),
    }
    write_json(path, {**head, **body})
    return path


def slug(text: str) -> str:
    """'AMD EPYC 9355 (R)' -> 'amd-epyc-9355-r'."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "unknown"


def versions() -> dict[str, str]:
    """Of what a result depends on; packages that are absent are left out."""
    found = {"samovar": commit(ROOT)}
    for package in ("torch", "transformers", "accelerate", "trl"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def commit(folder: Path) -> str:
    """The commit that ``folder`` is at, '+changes' where files differ from it; 'unknown' outside of git."""
    described = subprocess.run(
        ["git", "-C", str(folder), "describe", "--always", "--dirty=+changes", "--abbrev=12"],
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip() or "unknown"


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table that reads well as plain text too."""
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"

    return "\n".join([line(header), line(["-" * width for width in widths]), *(line(row) for row in rows)])


def exit_with(run: Callable[[], None]) -> None:
    """Run a script's body; an error becomes words and exit code 1."""
    try:
        run()
    except SamovarError as error:
        print(f"error: {error}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        sys.exit(1)
