"""`samovar rlaif`: the stage by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from samovar.cli.judge import ConstitutionFile, adviser_keys
from samovar.cli.stage_alone import AssistantFolder, full_paths, make
from samovar.cli.terminal import AsJson, Changes, DryRun, OutFolder, RecipeFile

EXAMPLE = "samovar rlaif assistant --prompts questions.jsonl --constitution constitution.md --out rows"

Prompts = Annotated[
    list[Path] | None,
    typer.Option(
        "--prompts",
        metavar="FILE",
        help="Conversations, preferences or rows with `prompt`, whose questions are answered; may be repeated.",
        show_default=False,
    ),
]
JudgeName = Annotated[
    str | None,
    typer.Option(
        "--judge",
        metavar="JUDGE",
        help="Who judges, in place of the assistant: a folder or an address.",
        show_default=False,
    ),
]
ReviserName = Annotated[
    str | None,
    typer.Option(
        "--reviser", metavar="REVISER", help="Who criticises and revises: a folder or an address.", show_default=False
    ),
]


def run(
    model: AssistantFolder,
    out: OutFolder,
    prompts: Prompts = None,
    constitution: ConstitutionFile = Path("constitution.md"),
    judge: JudgeName = None,
    reviser: ReviserName = None,
    recipe: RecipeFile = None,
    changes: Changes = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Make rows to learn from by a constitution, in place of people's.

    The assistant answers, its answers are criticised and revised by the rules (revisions.jsonl, for `samovar sft`), and
    a judge says which of two keeps the rules better, asked twice with the answers swapped (preferences.jsonl, for
    `samovar dpo` and `samovar reward`).
    """
    keys: dict[str, Any] = {}
    if recipe is None or constitution != Path("constitution.md"):
        keys["constitution"] = str(constitution.resolve())
    if prompts:
        keys["prompts"] = full_paths(prompts)
    keys |= {name: adviser_keys(who) for name, who in (("judge", judge), ("reviser", reviser)) if who is not None}
    make(
        "rlaif",
        inputs={"sft": model},
        out=out,
        recipe_file=recipe,
        changes=changes,
        section={"rlaif": keys},
        as_json=as_json,
        dry_run=dry_run,
        next_command=("samovar", "dpo", model, "--preferences", out / "preferences.jsonl", "--out", "better"),
    )
