"""`samovar plan`: what each stage will take here, before it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from samovar.cli.terminal import AsJson, ProjectFolder, print_json, print_table, say, say_next
from samovar.core.progress import short_bytes, short_duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from samovar.brew.forecast import Forecast
    from samovar.brew.graph import Resolved

EXAMPLE = "samovar plan quickstart"


def run(folder: ProjectFolder, as_json: AsJson = False) -> None:
    """Forecast the time, memory and disk of each stage on this machine; stages that are made show what they took.

    Speeds are measured by short probes the first time, and kept in .samovar/probe.json.
    """
    from samovar.brew.graph import forecast_all, resolve
    from samovar.brew.project import open_project
    from samovar.brew.recipe import load_recipe
    from samovar.brew.stage import load_stages

    project = open_project(folder)
    recipe = load_recipe(project.recipe_file)
    items = resolve(project, recipe, load_stages())
    if any(item.manifest is None for item in items):
        say("measuring this machine where it is not known yet…")
    forecasts = forecast_all(project, recipe, items)
    if as_json:
        print_json({"project": str(folder), "stages": [_entry(item, forecasts) for item in items]})
        return
    print_plan(items, forecasts)
    say_next(f"samovar brew {folder}" if forecasts else f"samovar chat {folder}")


def print_plan(items: Sequence[Resolved], forecasts: Mapping[str, Forecast], *, on_stderr: bool = False) -> None:
    """The table of all stages, and the sum of what is to make."""
    rows: list[tuple[str, ...]] = []
    for item in items:
        entry = _entry(item, forecasts)
        memory = short_bytes(entry["memory_bytes"]) if entry["memory_bytes"] else ""
        rows.append((item.name, item.state, short_duration(entry["seconds"]), memory, short_bytes(entry["disk_bytes"])))
    if forecasts:
        total = list(forecasts.values())
        rows.append(
            (
                "to make",
                "",
                short_duration(sum(forecast.seconds for forecast in total)),
                short_bytes(max(forecast.memory_bytes for forecast in total)),
                short_bytes(sum(forecast.disk_bytes for forecast in total)),
            )
        )
    print_table(("stage", "state", "time", "peak memory", "disk"), rows, on_stderr=on_stderr)


def _entry(item: Resolved, forecasts: Mapping[str, Forecast]) -> dict[str, Any]:
    if item.manifest is not None:
        return {
            "stage": item.name,
            "state": item.state,
            "seconds": item.manifest.seconds,
            "memory_bytes": None,
            "disk_bytes": item.manifest.size_bytes,
        }
    forecast = forecasts[item.name]
    return {
        "stage": item.name,
        "state": item.state,
        "seconds": round(forecast.seconds, 1),
        "memory_bytes": round(forecast.memory_bytes),
        "disk_bytes": round(forecast.disk_bytes),
    }
