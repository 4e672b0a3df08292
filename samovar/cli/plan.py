"""`samovar plan`: what each stage will take here, what fits a budget, what other hardware would take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samovar.cli.terminal import AsJson, counted, print_json, print_table, say, say_next
from samovar.core.progress import short_bytes, short_duration, short_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from samovar.brew.forecast import Forecast
    from samovar.brew.graph import Resolved
    from samovar.brew.outline import Outline
    from samovar.brew.recipe import Recipe
    from samovar.core.price import Price

EXAMPLE = "samovar plan quickstart --budget '1 hour'"

Folder = Annotated[Path | None, typer.Argument(metavar="DIR", help="Folder of the project.", show_default=False)]
BudgetOption = Annotated[
    str | None,
    typer.Option(
        "--budget", metavar="TEXT", help="Propose a size, or tokens for a base: '1 hour', '20 USD', '24 GB', '2 kWh'.",
        show_default=False,
    ),
]  # fmt: skip
HardwareOption = Annotated[
    str | None,
    typer.Option(
        "--hardware", metavar="NAME", help="Plan for 8xH100 and the like; 'list' shows the table.", show_default=False
    ),
]
PriceOption = Annotated[
    str | None,
    typer.Option("--price", metavar="TEXT", help="As '2.50 USD/h' or '0.30 EUR/kWh'.", show_default=False),
]
MfuOption = Annotated[
    float | None,
    typer.Option("--mfu", min=0.01, max=1.0, help="Share of its peak that --hardware reaches.", show_default=False),
]
StudentsOption = Annotated[
    bool, typer.Option("--students", help="Propose smaller assistants that this one could teach.")
]
WriteOption = Annotated[bool, typer.Option("--write", help="Put the proposal of --budget into the recipe.")]


def run(
    folder: Folder = None,
    budget: BudgetOption = None,
    hardware: HardwareOption = None,
    price: PriceOption = None,
    mfu: MfuOption = None,
    students: StudentsOption = False,
    write: WriteOption = False,
    as_json: AsJson = False,
) -> None:
    """Forecast the time, memory, disk, energy and money of each stage on this machine, or turn a budget into a recipe.

    Stages that are made show what they took. Speeds are measured by short probes the first time, and kept in
    .samovar/probe.json.
    """
    if hardware == "list":
        from samovar.cli.plan_hardware import print_hardware

        print_hardware(as_json=as_json)
        return
    if folder is None:
        raise typer.BadParameter("name the folder of a project", param_hint="DIR")
    if write and budget is None:
        raise typer.BadParameter("--write needs a --budget: there is nothing else to write", param_hint="--write")
    if mfu is not None and hardware is None:
        raise typer.BadParameter("--mfu needs a --hardware: here the speed is measured", param_hint="--mfu")
    if students:
        if budget is not None or hardware is not None or price is not None:
            raise typer.BadParameter(
                "--students plans for this machine, without budget and price", param_hint="--students"
            )
        from samovar.cli.plan_students import propose_students_for

        propose_students_for(folder, as_json=as_json)
    elif budget is not None:
        from samovar.cli.plan_budget import propose_for

        propose_for(folder, budget, hardware=hardware, price=price, mfu=mfu, write=write, as_json=as_json)
    elif hardware is not None:
        from samovar.cli.plan_hardware import plan_on

        plan_on(folder, hardware, price=price, mfu=mfu, as_json=as_json)
    else:
        _plan_here(folder, price, as_json=as_json)


def _plan_here(folder: Path, price_text: str | None, *, as_json: bool) -> None:
    from samovar.brew.account import Account
    from samovar.brew.forecast import Machine, Outlook
    from samovar.brew.graph import forecast_all, resolve
    from samovar.brew.outline import outline
    from samovar.brew.project import open_project
    from samovar.brew.recipe import load_recipe
    from samovar.brew.stage import load_stages

    project = open_project(folder)
    recipe = load_recipe(project.recipe_file)
    price = price_of(recipe, price_text)
    items = resolve(project, recipe, load_stages())
    if any(item.manifest is None for item in items):
        say("measuring this machine where it is not known yet…")
    forecasts = forecast_all(project, recipe, items)
    made = {item.name: item.manifest for item in items if item.manifest is not None}
    numbers = outline(recipe, Outlook(project.root, Machine(project.probe_file), made, dict(forecasts)))
    account = Account(project).stages
    if as_json:
        stages = [_entry(item, forecasts, account, recipe, price) for item in items]
        print_json({"project": str(folder), **outline_entry(numbers), "stages": stages})
        return
    _say_outline(numbers)
    print_plan(items, forecasts, account, recipe, price)
    if "data" in forecasts and not forecasts["data"].yields["characters"]:
        where = ", ".join(source.label for source in recipe.data.sources)
        say(f"no documents with text were found in {where}: put some there before the brew")
        return
    say_next("samovar", "brew" if forecasts else "chat", folder)


def price_of(recipe: Recipe, text: str | None) -> Price | None:
    """The price of the command line, else of the recipe.

    Raises:
        ConfigError: it is no price.
    """
    from samovar.core.price import parse_price

    named = text or recipe.price
    return None if named is None else parse_price(named)


def print_plan(
    items: Sequence[Resolved],
    forecasts: Mapping[str, Forecast],
    account: Mapping[str, Mapping[str, Any]],
    recipe: Recipe,
    price: Price | None = None,
    *,
    on_stderr: bool = False,
) -> None:
    """The table of all stages, and the sum of what is to make."""
    entries = [_entry(item, forecasts, account, recipe, price) for item in items]
    if forecasts:
        left = [entry for entry in entries if entry["state"] != "made"]
        entries.append(
            {
                "stage": "to make",
                "state": "",
                "seconds": sum(entry["seconds"] for entry in left),
                "memory_bytes": max(entry["memory_bytes"] for entry in left),
                "disk_bytes": sum(entry["disk_bytes"] for entry in left),
                "joules": sum(entry["joules"] for entry in left),
                "money": None if price is None else sum(entry["money"] for entry in left),
            }
        )
    headings = ("stage", "state", "time", "peak memory", "disk", "energy", *(() if price is None else ("money",)))
    print_table(headings, [_row(entry, price) for entry in entries], on_stderr=on_stderr)


def _row(entry: Mapping[str, Any], price: Price | None) -> tuple[str, ...]:
    from samovar.core.price import show_money

    memory = short_bytes(entry["memory_bytes"]) if entry["memory_bytes"] else ""
    row = (
        entry["stage"],
        entry["state"],
        short_duration(entry["seconds"]),
        memory,
        short_bytes(entry["disk_bytes"]),
        short_energy(entry["joules"]),
    )
    return row if price is None else (*row, show_money(entry["money"], price.currency))


def short_energy(joules: float) -> str:
    """7200 J -> '2 Wh'."""
    return f"{joules / 3.6e6:,.3g} kWh" if joules >= 3.6e6 else f"{joules / 3600:.3g} Wh"


def _entry(
    item: Resolved,
    forecasts: Mapping[str, Forecast],
    account: Mapping[str, Mapping[str, Any]],
    recipe: Recipe,
    price: Price | None,
) -> dict[str, Any]:
    from samovar.brew.costing import watts_of

    entry: dict[str, Any] = {"stage": item.name, "state": item.state}
    if item.manifest is not None:
        known = account.get(item.name, {})
        entry |= {
            "seconds": item.manifest.seconds,
            "memory_bytes": known.get("memory_bytes") if known.get("id") == item.id else None,
            "disk_bytes": item.manifest.size_bytes,
            "joules": item.manifest.joules,
            "joules_source": item.manifest.joules_source,
        }
    else:
        forecast = forecasts[item.name]
        entry |= {
            "seconds": round(forecast.seconds, 1),
            "memory_bytes": round(forecast.memory_bytes),
            "disk_bytes": round(forecast.disk_bytes),
            "joules": round(forecast.seconds * watts_of(recipe)),
            "joules_source": "estimate" if recipe.power_watts is None else "stated",
        }
    if price is not None:
        entry |= {
            "money": round(price.cost(seconds=entry["seconds"], joules=entry["joules"]), 6),
            "currency": price.currency,
        }
    return entry


def outline_entry(numbers: Outline) -> dict[str, Any]:
    """The outline as JSON."""
    shape = numbers.shape
    return {
        "model": {
            "parameters": shape.num_parameters,
            "table_parameters": numbers.table_parameters,
            "layers": shape.num_layers,
            "width": shape.hidden_size,
            "compute_optimal_tokens": round(numbers.optimal_tokens),
        },
        "training": [
            {
                "stage": one.stage,
                "tokens": one.tokens,
                "tokens_per_parameter": round(one.tokens_per_parameter, 3),
                "flops": one.flops,
                "epochs": None if one.epochs is None else round(one.epochs, 2),
                "is_compiled": one.is_compiled,
                "memory_bytes": {name: round(value) for name, value in one.memory.parts().items()}
                | {"peak_in_use": round(one.memory.peak)},
            }
            for one in numbers.training
        ],
    }


def _say_outline(numbers: Outline) -> None:
    from samovar.brew.compute_optimal import GOOD_EPOCHS, OPTIMAL

    shape = numbers.shape
    say(
        f"model: {short_number(shape.num_parameters)} parameters ({short_number(numbers.table_parameters)} of them "
        f"embedding), {counted(shape.num_layers, 'layer')} of width {shape.hidden_size}; compute-optimal are "
        f"{short_number(numbers.optimal_tokens)} tokens, {OPTIMAL:g} a parameter"
    )
    for one in numbers.training:
        epochs = "" if one.epochs is None else f", {one.epochs:.2g} times the corpus"
        if one.epochs is not None and one.epochs > GOOD_EPOCHS:
            epochs += f" (more than {GOOD_EPOCHS:g} times teach little: add text)"
        say(
            f"{one.stage}: {short_number(one.tokens)} tokens, {one.tokens_per_parameter:.2g} a parameter{epochs}; "
            f"{one.flops:.2g} FLOPs"
        )
        parts = one.memory.parts()
        say("  memory in use: " + ", ".join(f"{name} {short_bytes(value)}" for name, value in parts.items() if value))
