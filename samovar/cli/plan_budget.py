"""`samovar plan --budget`: a budget turned into a size and tokens, or into a way of teaching a base and tokens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from samovar.cli.plan import price_of, short_energy
from samovar.cli.terminal import print_json, print_table, say, say_next
from samovar.core.progress import short_bytes, short_duration, short_number

if TYPE_CHECKING:
    from samovar.brew.project import Project
    from samovar.brew.proposal import Costing, Option
    from samovar.brew.recipe import Recipe
    from samovar.core.price import Price
    from samovar.model.settings import DecoderSettings


def propose_for(
    folder: Path,
    budget_text: str,
    *,
    hardware: str | None,
    price: str | None,
    mfu: float | None,
    write: bool,
    as_json: bool,
) -> None:
    """Print what fits, and the recipe's lines for it; ``write`` puts them into the recipe."""
    from samovar.brew.budget import parse_budget
    from samovar.brew.project import open_project
    from samovar.brew.proposal import changes_of, check_price, propose
    from samovar.brew.recipe import load_recipe
    from samovar.brew.recipe_edit import recipe_lines
    from samovar.brew.teaching_proposal import propose_teaching, teaching_changes

    budget = parse_budget(budget_text)
    project = open_project(folder)
    recipe = load_recipe(project.recipe_file)
    named = price_of(recipe, price)
    if hardware is not None:
        costing, named, note = _on_hardware(project, recipe, hardware, named, mfu)
        corpus_tokens = 0.0
    else:
        check_price(budget, named)  # before anything is measured
        costing, note, corpus_tokens = _here(project, recipe, named)
    if recipe.base is None:
        options = propose(recipe, budget, costing, price=named)
        changes = changes_of(recipe, _proposed(options))
    else:
        parameters = _shape(project, recipe).num_parameters
        options = propose_teaching(recipe, budget, costing, parameters=parameters, price=named)
        changes = teaching_changes(recipe, _proposed(options))
    if write:
        _write(project, changes)
    if as_json:
        entries = [_entry(option, corpus_tokens) for option in options]
        print_json({"project": str(folder), "budget": str(budget), "options": entries, "changes": changes,
                    "written": write})  # fmt: skip
        return
    _print_options(options, named, corpus_tokens)
    say(note())
    if write:
        say(f"written into {project.recipe_file}")
        say_next("samovar", "brew", folder)
        return
    say(f"into {project.recipe_file}, or the same command with --write:")
    print(recipe_lines(changes))


def _shape(project: Project, recipe: Recipe) -> DecoderSettings:
    from samovar.brew.forecast import Machine, Outlook
    from samovar.brew.training_forecast import decoder_settings

    return decoder_settings(recipe, Outlook(project.root, Machine(project.probe_file)))


def _here(project: Project, recipe: Recipe, price: Price | None) -> tuple[Costing, Any, float]:
    from samovar.brew.costing import ReckoningMachine, local_costing
    from samovar.brew.graph import resolve
    from samovar.brew.stage import load_stages

    items = resolve(project, recipe, load_stages())
    say("measuring this machine where it is not known yet…")
    costing, machine = local_costing(project, recipe, items, price)
    shards = next((item.manifest for item in items if item.name == "shards" and recipe.base is None), None)
    corpus_tokens = float(shards.metrics.get("tokens", 0.0)) if shards is not None else 0.0

    def note() -> str:
        has_reckoned = isinstance(machine, ReckoningMachine) and machine.has_reckoned
        how = "reckoned from the rate of smaller ones" if has_reckoned else "measured by probes"
        return f"the whole brew on this machine, of what is not made yet; speeds of large models {how}"

    return costing, note, corpus_tokens


def _on_hardware(
    project: Project, recipe: Recipe, hardware: str, price: Price | None, mfu: float | None
) -> tuple[Costing, Price | None, Any]:
    from samovar.brew.costing import rent_of, rented_costing
    from samovar.brew.forecast import Machine, Outlook
    from samovar.brew.hardware import ASSUMED_MFU, PRICES_OF, parse_hardware

    machines = parse_hardware(hardware)
    share = mfu or ASSUMED_MFU
    rent = rent_of(machines)
    asked = price if price is not None else (rent[1] if rent is not None else None)
    costing = rented_costing(Outlook(project.root, Machine(project.probe_file)), machines, asked, mfu=share)
    source = "" if price is not None or asked is None else f" (on demand, {PRICES_OF})"
    at = "" if asked is None else f", {asked}{source}"
    return costing, asked, lambda: f"training alone, on {machines} at {share:.0%} of their peak{at}"


def _print_options(options: list[Option], price: Price | None, corpus_tokens: float) -> None:
    from samovar.core.price import show_money

    is_own = options[0].recipe.base is None
    headings = ["what", "size" if is_own else "micro-batch", "parameters", "tokens", "a parameter", "time"]
    headings += ["peak memory", "energy"]
    headings += ["money"] if price is not None else []
    headings += ["times the corpus"] if corpus_tokens else []
    rows = []
    for option in options:
        recipe, cost = option.recipe, option.cost
        row = [
            f"{option.name}{' (proposed)' if option.is_proposed else ''}",
            str(recipe.model.size) if is_own else f"{_micro_batch(recipe):,}",
            short_number(option.parameters),
            short_number(option.tokens),
            f"{option.tokens_per_parameter:.3g}",
            short_duration(cost.seconds),
            short_bytes(cost.memory_bytes),
            short_energy(cost.joules),
        ]
        row += [show_money(cost.money, cost.currency or "")] if cost.money is not None else []
        row += [f"{option.tokens / corpus_tokens:.2g}"] if corpus_tokens else []
        rows.append(row)
    print_table(headings, rows)
    _say_epochs(options, corpus_tokens)


def _micro_batch(recipe: Recipe) -> int:
    """Tokens of one: a step may have fewer than the recipe would let it."""
    trained = recipe.sft if recipe.base is not None else recipe.pretrain
    return min(trained.micro_batch_tokens, trained.batch_tokens)


def _proposed(options: list[Option]) -> Option:
    return next(option for option in options if option.is_proposed)


def _say_epochs(options: list[Option], corpus_tokens: float) -> None:
    from samovar.brew.compute_optimal import GOOD_EPOCHS

    wanted = _proposed(options).tokens / GOOD_EPOCHS
    if corpus_tokens and wanted > corpus_tokens:
        say(
            f"the corpus has {short_number(corpus_tokens)} tokens; repeated more than {GOOD_EPOCHS:g} times it teaches "
            f"little: such a model wants {short_number(wanted)} or more"
        )


def _entry(option: Option, corpus_tokens: float) -> dict[str, Any]:
    recipe, cost = option.recipe, option.cost
    is_own = recipe.base is None
    return {
        "name": option.name,
        "is_proposed": option.is_proposed,
        "size": recipe.model.size if is_own else None,
        "parameters": option.parameters,
        "pretrain_tokens": recipe.pretrain.tokens if is_own else None,
        "sft_tokens": recipe.sft.tokens,
        "micro_batch_tokens": _micro_batch(recipe),
        "tokens_per_parameter": round(option.tokens_per_parameter, 2),
        "seconds": round(cost.seconds, 1),
        "memory_bytes": round(cost.memory_bytes),
        "joules": round(cost.joules),
        "money": cost.money,
        "currency": cost.currency,
        "times_the_corpus": round(option.tokens / corpus_tokens, 2) if corpus_tokens else None,
    }


def _write(project: Project, changes: dict[str, Any]) -> None:
    from samovar.brew.recipe_edit import set_values
    from samovar.core.files import write_atomic

    text = project.recipe_file.read_text(encoding="utf-8")
    write_atomic(project.recipe_file, set_values(text, changes))
