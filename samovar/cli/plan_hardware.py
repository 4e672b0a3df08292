"""`samovar plan --hardware`: what training would take on accelerators, from their published rates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from samovar.cli.plan import price_of, short_energy
from samovar.cli.terminal import print_json, print_table, say
from samovar.core.progress import short_duration, short_number

if TYPE_CHECKING:
    from samovar.brew.costing import TrainingPlan
    from samovar.brew.hardware import Machines
    from samovar.core.price import Price

_GB = 1e9


def print_hardware(*, as_json: bool) -> None:
    """The table of known accelerators."""
    from samovar.brew.hardware import ACCELERATORS, ASSUMED_MFU, PRICES_OF

    if as_json:
        entries = [one._asdict() for one in ACCELERATORS]
        print_json({"assumed_mfu": ASSUMED_MFU, "prices_of": PRICES_OF, "hardware": entries})
        return
    rows = [
        (
            one.name,
            f"{one.flops_per_second / 1e12:g} TFLOP/s",
            f"{one.memory_bytes / _GB:g} GB",
            f"{one.watts:g} W",
            "" if one.rent is None else f"{one.rent[0]:.2f} to {one.rent[1]:.2f}",
            one.source,
        )
        for one in ACCELERATORS
    ]
    print_table(("what", "peak bfloat16", "memory", "power", "USD/h to rent", "detail"), rows)
    say(
        f"prices of {PRICES_OF}; plans assume {ASSUMED_MFU:.0%} of the peak (--mfu says otherwise); "
        "several are written 8xH100"
    )


def plan_on(folder: Path, hardware: str, *, price: str | None, mfu: float | None, as_json: bool) -> None:
    """What the training stages of a project would take."""
    from samovar.brew.costing import plan_training
    from samovar.brew.forecast import Machine, Outlook
    from samovar.brew.hardware import ASSUMED_MFU, parse_hardware
    from samovar.brew.project import open_project
    from samovar.brew.recipe import load_recipe

    machines = parse_hardware(hardware)
    project = open_project(folder)
    recipe = load_recipe(project.recipe_file)
    share = mfu or ASSUMED_MFU
    plans = plan_training(recipe, Outlook(project.root, Machine(project.probe_file)), machines, mfu=share)
    named = price_of(recipe, price)
    if as_json:
        print_json(
            {
                "project": str(folder),
                "hardware": machines.accelerator.name,
                "devices": machines.count,
                "mfu": share,
                "stages": [_entry(plan, machines, named) for plan in plans],
            }
        )
        return
    rows = [_row(plan, machines, named) for plan in plans]
    print_table(("stage", "tokens", "FLOPs", "time", "memory of each", "energy", "money"), rows)
    accelerator = machines.accelerator
    say(
        f"{machines} at {share:.0%} of {accelerator.flops_per_second / 1e12:g} TFLOP/s each (small models reach less), "
        f"{accelerator.watts:g} W; memory sharded among them"
    )
    for plan in plans:
        if plan.memory.on_gpu > accelerator.memory_bytes:
            say(
                f"{plan.stage} does not fit in {accelerator.memory_bytes / _GB:g} GB: "
                f"lower {plan.stage}.micro_batch_tokens, or take more devices"
            )


def _entry(plan: TrainingPlan, machines: Machines, price: Price | None) -> dict[str, Any]:
    low, high = _money(plan, machines, price)
    return {
        "stage": plan.stage,
        "tokens": plan.tokens,
        "flops": plan.flops,
        "seconds": round(plan.seconds, 1),
        "memory_bytes_of_each": round(plan.memory.on_gpu),
        "fits": plan.memory.on_gpu <= machines.accelerator.memory_bytes,
        "joules": round(plan.joules),
        "money": None if low is None else {"low": low[0], "high": (high or low)[0], "currency": low[1]},
    }


def _row(plan: TrainingPlan, machines: Machines, price: Price | None) -> tuple[str, ...]:
    from samovar.core.price import show_money

    low, high = _money(plan, machines, price)
    money = "" if low is None else show_money(*low)
    if low is not None and high is not None:
        money = f"{show_money(*low).rsplit(' ', 1)[0]} to {show_money(*high)}"
    return (
        plan.stage,
        short_number(plan.tokens),
        f"{plan.flops:.2g}",
        short_duration(plan.seconds),
        f"{plan.memory.on_gpu / _GB:.3g} GB",
        short_energy(plan.joules),
        money,
    )


def _money(
    plan: TrainingPlan, machines: Machines, price: Price | None
) -> tuple[tuple[float, str] | None, tuple[float, str] | None]:
    """What it costs; at the given price, or at the lowest and the highest rent that is known."""
    from samovar.brew.costing import rent_of

    if price is not None:
        return (price.cost(seconds=plan.seconds, joules=plan.joules), price.currency), None
    rent = rent_of(machines)
    if rent is None:
        return None, None
    low, high = ((one.cost(seconds=plan.seconds, joules=plan.joules), one.currency) for one in rent)
    return low, high
