"""What a brew tells on stderr: its forecast, each stage as it begins and ends, and forecast against fact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samovar.brew.account import Account
from samovar.brew.forecast import Forecast
from samovar.brew.graph import Listener, Resolved
from samovar.brew.project import Project
from samovar.brew.recipe import Recipe
from samovar.cli.plan import price_of, print_plan
from samovar.cli.terminal import print_table, say
from samovar.core.progress import short_bytes, short_duration


class BrewTeller(Listener):
    """Says on stderr what happens."""

    def __init__(self, project: Project, recipe: Recipe) -> None:
        self._project, self._recipe = project, recipe
        self.names_made: list[str] = []

    def planned(self, items: list[Resolved], forecasts: Mapping[str, Forecast]) -> None:
        """The forecast."""
        account = Account(self._project).stages
        print_plan(items, forecasts, account, self._recipe, price_of(self._recipe, None), on_stderr=True)

    def starts(self, item: Resolved) -> None:
        """A stage begins."""
        say(f"{item.name}: " + ("going on where it stopped" if item.state == "unfinished" else "begins"))

    def made(self, item: Resolved, entry: Mapping[str, Any]) -> None:
        """A stage is whole."""
        self.names_made.append(item.name)
        say(
            f"{item.name}: made in {short_duration(entry['seconds'])} "
            f"(forecast {short_duration(entry['forecast_seconds'])}), {item.folder}"
        )

    def failed(self, item: Resolved, kept: list[str]) -> None:
        """A stage was not made."""
        say(f"{item.name}: not made; kept: {', '.join(kept) or 'nothing yet'}")


def print_account(account: Mapping[str, Mapping[str, Any]], names: list[str]) -> None:
    """Forecast against fact."""
    rows = []
    for name in names:
        entry = account[name]
        rows.append(
            (
                name,
                "made",
                short_duration(entry["forecast_seconds"]),
                short_duration(entry["seconds"]),
                short_bytes(entry["forecast_memory_bytes"]),
                "" if entry["memory_bytes"] is None else short_bytes(entry["memory_bytes"]),
                short_bytes(entry["forecast_disk_bytes"]),
                short_bytes(entry["disk_bytes"]),
            )
        )
    headings = ("stage", "state", "time forecast", "fact", "memory forecast", "fact", "disk forecast", "fact")
    print_table(headings, rows, on_stderr=True)
