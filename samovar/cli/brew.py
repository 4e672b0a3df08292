"""`samovar brew`: from documents to a checked, quantized assistant."""

from __future__ import annotations

import typer

from samovar.cli.terminal import AsJson, DryRun, ProjectFolder, print_json, say, say_next
from samovar.core.command_line import as_typed

EXAMPLE = "samovar brew quickstart"


def run(folder: ProjectFolder, as_json: AsJson = False, dry_run: DryRun = False) -> None:
    """Run what is not yet made, in order; stop at the first failure and keep what is done.

    Ctrl-C, a failure or a power cut lose at most the work since the last checkpoint: the same command goes on.
    """
    from samovar.brew.account import Account
    from samovar.brew.graph import brew, resolve
    from samovar.brew.project import open_project
    from samovar.brew.recipe import load_recipe
    from samovar.brew.stage import load_stages
    from samovar.cli.brew_teller import BrewTeller, print_account

    project = open_project(folder)
    recipe = load_recipe(project.recipe_file)
    stages = load_stages()
    listener = BrewTeller(project, recipe)
    try:
        items = resolve(project, recipe, stages) if dry_run else brew(project, recipe, stages, listener=listener)
    except KeyboardInterrupt:
        say(f"stopped; `{as_typed('samovar', 'brew', folder)}` goes on from here")
        raise typer.Exit(130) from None
    if as_json:
        entries = [{"stage": one.name, "state": one.state, "id": one.id, "path": str(one.folder)} for one in items]
        print_json({"project": str(folder), "made": listener.names_made, "stages": entries})
    elif dry_run:
        for item in items:
            print(f"{item.name:<10} {item.state:<10} {item.folder}")
    if dry_run:
        return
    if listener.names_made:
        print_account(Account(project).stages, listener.names_made)
    else:
        say("everything is made already")
    report = next((item.folder / "report.html" for item in items if item.name == "eval"), None)
    if report is not None and report.is_file():
        say(f"report: {report}")
    say_next("samovar", "chat", folder)
