"""`samovar watch`: a training run in the terminal, read from its files."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samovar.cli.terminal import AsJson, print_json, say
from samovar.core.command_line import as_typed

if TYPE_CHECKING:
    from samovar.brew.watching import Picture, Watch

EXAMPLE = "samovar watch quickstart --once"
EVERY_SECONDS = 1.0

WatchedFolder = Annotated[
    Path,
    typer.Argument(metavar="DIR", help="A project, or the folder that training writes.", show_default=False),
]
Once = Annotated[bool, typer.Option("--once", help="Print one picture and end.")]


def run(folder: WatchedFolder, once: Once = False, as_json: AsJson = False) -> None:
    """Show loss or reward, validation, speed, memory and time left of the training that runs, or of the last one.

    It reads files only, so that the run loses nothing by it; Ctrl-C leaves. Where nothing has begun it waits.
    """
    from rich.console import Console

    from samovar.brew.watching import Watch

    watch = Watch(folder)
    if as_json:
        print_json(entry(watch.look()))
        return
    console = Console(highlight=False)
    if once or not console.is_terminal:
        from samovar.cli.watch_picture import picture

        console.print(picture(watch.look(), console.width, console.height))
        return
    try:
        _follow(watch, console)
    except KeyboardInterrupt:
        return
    finally:
        picture_now = watch.look()
        if picture_now.state == "stopped":
            say(f"stopped; `{as_typed('samovar', 'brew', folder)}` goes on from the last checkpoint")


def _follow(watch: Watch, console: Any) -> None:
    """Draw once a second until the run has ended and nothing follows it."""
    from rich.live import Live

    from samovar.cli.watch_picture import picture

    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        while True:
            now = watch.look()
            live.update(picture(now, console.width, console.height), refresh=True)
            if now.state in {"finished", "stopped"} and not watch.is_brewing:
                return
            time.sleep(EVERY_SECONDS)


def entry(now: Picture) -> dict[str, Any]:
    """The picture as JSON."""
    rows, last = now.rows, now.rows.last
    return {
        "state": now.state,
        "stage": now.stage or None,
        "making": now.making,
        "path": None if now.folder is None else str(now.folder),
        "step": last.get("step"),
        "steps": now.about.get("steps"),
        "tokens": last.get("tokens"),
        "total_tokens": now.total_tokens,
        "seconds": last.get("seconds"),
        "seconds_left": _rounded(now.seconds_left, 1),
        "loss": last.get("loss"),
        "smoothed_loss": _rounded(rows.loss.smoothed, 5),
        "validation_loss": rows.loss.checks[-1].value if rows.loss.checks else None,
        "reward": last.get("reward"),
        "smoothed_reward": _rounded(rows.reward.smoothed, 5),
        "held_out": rows.reward.checks[-1].value if rows.reward.checks else None,
        "tokens_per_second": _rounded(rows.tokens_per_second(), 1),
        "mfu": _rounded(now.mfu, 4),
        "peak": now.peak_source or None,
        "memory_bytes": now.memory_bytes,
        "learning_rate": last.get("learning_rate"),
        "gradient_norm": last.get("gradient_norm"),
        "samples": rows.samples,
        "first_samples": rows.first_samples,
        "signs": rows.signs,
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
