"""`samovar reward`: the stage by itself, and a reward model at work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from samovar.cli.stage_alone import full_paths, make
from samovar.cli.terminal import AsJson, Changes, DryRun, OutFolder, RecipeFile

EXAMPLE = "samovar reward assistant --preferences votes.jsonl --out judge"
ABOUT = """A model that says how good an answer is, from what people prefer.

`samovar reward MODEL --out DIR` trains one; its options: `samovar reward train --help`."""
COMMANDS = ("train", "score")
"""The first may be left out; the other is a file in this folder, ``reward_<name>.py``."""

Model = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL", help="Folder of the model it begins as: an assistant, or an encoder.", show_default=False
    ),
]
Preferences = Annotated[
    list[Path] | None,
    typer.Option(
        "--preferences",
        metavar="FILE",
        help="Pairs, votes, or solutions judged by step (docs/preferences.md); may be repeated.",
        show_default=False,
    ),
]

Previous = Annotated[
    Path | None,
    typer.Option(
        "--previous", metavar="REWARD", help="An earlier reward model, which is kept where the new one is worse.",
        show_default=False,
    ),
]  # fmt: skip


def run(
    model: Model,
    out: OutFolder,
    preferences: Preferences = None,
    previous: Previous = None,
    recipe: RecipeFile = None,
    changes: Changes = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Train a reward model, and measure it on the preferences that were held out, beside an earlier one.

    MODEL may be an encoder (ModernBERT, DeBERTa, …), which reads a prompt and its answer as a pair of texts.
    transformers opens it as AutoModelForSequenceClassification.
    """
    keys: dict[str, Any] = {"preferences": full_paths(preferences)} if preferences else {}
    keys["base"] = None  # MODEL is what it begins as, whatever a recipe says
    if previous is not None:
        keys["previous"] = str(previous.resolve())
    make(
        "reward",
        inputs={"sft": model},
        out=out,
        recipe_file=recipe,
        changes=changes,
        section={"reward": keys},
        as_json=as_json,
        dry_run=dry_run,
        next_command=("samovar", "reward", "score", out, "answers.jsonl"),
    )
