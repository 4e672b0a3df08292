"""`samovar dpo`: the stage by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from samovar.cli.judge import adviser_keys
from samovar.cli.stage_alone import AssistantFolder, GateCorpus, full_paths, given, make
from samovar.cli.terminal import AsJson, Changes, DryRun, OutFolder, RecipeFile

EXAMPLE = "samovar dpo assistant --preferences votes.jsonl --out better"

Preferences = Annotated[
    list[Path] | None,
    typer.Option(
        "--preferences",
        metavar="FILE",
        help="Pairs, votes or judged answers (docs/preferences.md); may be repeated.",
        show_default=False,
    ),
]
LossName = Annotated[
    str | None,
    typer.Option(
        "--loss",
        metavar="LOSS",
        help="dpo, ipo, kto, orpo, simpo, cpo, robust or length_normalised; short for --set dpo.loss=LOSS.",
        show_default=False,
    ),
]
JudgeName = Annotated[
    str | None,
    typer.Option(
        "--judge",
        metavar="JUDGE",
        help="Learn from the model's own answers to the prompts, as this reward model scores them; with --constitution "
        "as this model compares them, a folder or an address.",
        show_default=False,
    ),
]
Rules = Annotated[
    Path | None,
    typer.Option(
        "--constitution",
        metavar="FILE",
        help="Learn from the model's own answers, two of which are compared by these rules; by itself, where no "
        "--judge is named.",
        show_default=False,
    ),
]


def run(
    model: AssistantFolder,
    out: OutFolder,
    preferences: Preferences = None,
    loss: LossName = None,
    judge: JudgeName = None,
    constitution: Rules = None,
    corpus: GateCorpus = None,
    recipe: RecipeFile = None,
    changes: Changes = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Teach an assistant what people prefer, and compare it with what it was.

    With --recipe, both are asked the held-out questions of the recipe's tasks; where the new one is too much worse,
    the old one stays in the folder and the new one stands in `refused` there.
    """
    keys: dict[str, Any] = {"preferences": full_paths(preferences)} if preferences else {}
    if loss is not None:
        keys["loss"] = loss
    if constitution is not None:
        named = {} if judge is None else {"judge": adviser_keys(judge)}
        keys["on_policy"] = {"feedback": {"constitution": str(constitution.resolve()), **named}}
    elif judge is not None:
        if "://" in judge:
            raise typer.BadParameter("an address judges by rules: name them with --constitution", param_hint="--judge")
        keys["on_policy"] = {"judge": str(Path(judge).resolve())}
    make(
        "dpo",
        inputs=given(sft=model, data=corpus),
        out=out,
        recipe_file=recipe,
        changes=changes,
        section={"dpo": keys},
        as_json=as_json,
        dry_run=dry_run,
        next_command=("samovar", "chat", out),
    )
