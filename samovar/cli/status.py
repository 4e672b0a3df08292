"""`samovar status`: what is made, from what, and what it took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from samovar.cli.terminal import AsJson, ProjectFolder, print_json, print_table, say, say_next
from samovar.core.progress import short_bytes, short_duration, short_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samovar.brew.graph import Resolved

TELLING = (
    "accuracy",
    "held_out",
    "held_out_before",
    "reward",
    "validation_accuracy",
    "assistant_bits_per_byte",
    "validation_bits_per_byte",
    "bits_per_byte_change",
    "validation_loss",
    "documents",
    "characters",
    "vocab_size",
    "tokens",
    "bytes_per_token",
    "tokens_per_second",
    "decoded_tokens_per_second",
)
"""Metrics that the table shows, the most telling first."""

EXAMPLE = "samovar status quickstart --json"


def run(folder: ProjectFolder, as_json: AsJson = False) -> None:
    """List the stages with state, id, path, time and metrics, and the artifacts that the recipe no longer leads to."""
    from samovar.brew.account import Account
    from samovar.brew.assistant import earlier_assistant
    from samovar.brew.graph import resolve, unused_artifacts
    from samovar.brew.lineage import artifacts_in, origins_of
    from samovar.brew.project import open_project
    from samovar.brew.recipe import load_recipe
    from samovar.brew.stage import load_stages

    project = open_project(folder)
    items = resolve(project, load_recipe(project.recipe_file), load_stages())
    unused = unused_artifacts(project, items)
    answering = earlier_assistant(project, items)
    if answering is not None:
        needed = origins_of(answering, artifacts_in(unused))
        unused = [path for path in unused if path not in needed]
    if as_json:
        account = Account(project).stages
        entries = [_entry(item, account.get(item.name, {})) for item in items]
        print_json(
            {
                "project": str(folder),
                "stages": entries,
                "answering": str(answering) if answering else None,
                "unused": [str(path) for path in unused],
            }
        )
        return
    print_table(("stage", "state", "time", "disk", "id", "metrics"), [_row(item) for item in items])
    if answering is not None:
        say(f"made by an earlier recipe, and what answers until the next brew: {answering}")
    if unused:
        say("not in use by the recipe as it is now, and safe to delete:")
        for path in unused:
            say(f"  {path}")
    all_made = all(item.manifest is not None for item in items)
    say_next("samovar", "chat" if all_made else "brew", folder)


def _entry(item: Resolved, account: dict[str, Any]) -> dict[str, Any]:
    manifest = item.manifest
    return {
        "stage": item.name,
        "state": item.state,
        "id": item.id,
        "path": str(item.folder),
        "seconds": manifest.seconds if manifest else None,
        "metrics": manifest.metrics if manifest else {},
        "inputs": dict(item.inputs),
        "size_bytes": manifest.size_bytes if manifest else None,
        "joules": manifest.joules if manifest else None,
        "joules_source": manifest.joules_source if manifest else None,
        "forecast_seconds": account.get("forecast_seconds") if account.get("id") == item.id else None,
    }


def _row(item: Resolved) -> tuple[str, ...]:
    if item.manifest is None:
        return (item.name, item.state, "", "", item.id, "")
    return (
        item.name,
        item.state,
        short_duration(item.manifest.seconds),
        short_bytes(item.manifest.size_bytes),
        item.id,
        ", ".join(figures(item.manifest.metrics)),
    )


def figures(metrics: Mapping[str, Any]) -> list[str]:
    """The three most telling numbers, each behind what it is."""
    names = [name for name in TELLING if _is_figure(metrics.get(name))]
    return [f"{name.replace('_', ' ')} {_short(metrics[name])}" for name in names[:3]]


def _is_figure(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _short(value: float) -> str:
    return short_number(value) if abs(value) >= 1000 else f"{value:.4g}"
