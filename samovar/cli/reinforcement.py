"""What the commands that teach by reward share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from samovar.cli.stage_alone import make

Model = Annotated[Path, typer.Argument(metavar="MODEL", help="Folder of the assistant.", show_default=False)]
TaskNames = Annotated[
    list[str] | None,
    typer.Option(
        "--task", metavar="NAME", help="Checkable task whose questions are asked; may be repeated.", show_default=False
    ),
]
Judge = Annotated[
    Path | None,
    typer.Option(
        "--reward", metavar="DIR", help="Reward model that judges, in place of the tasks' graders.", show_default=False
    ),
]
Corpus = Annotated[
    Path | None,
    typer.Option(
        "--corpus", metavar="DIR", help="Corpus whose held-out documents both models read.", show_default=False
    ),
]


def make_by_reward(
    stage: str,
    model: Path,
    out: Path,
    *,
    tasks: list[str] | None,
    reward: Path | None,
    corpus: Path | None,
    recipe: Path | None,
    changes: list[str] | None,
    as_json: bool,
    dry_run: bool,
) -> None:
    """Run the stage ``grpo`` or ``ppo`` on a model's folder."""
    keys: dict[str, Any] = {"tasks": dict.fromkeys(tasks, 1.0)} if tasks else {}
    if reward is not None:
        keys["reward"] = "model"
    # What is learnt is also what both models are asked in the end, where no recipe says more.
    section = {stage: keys} | ({"sft": {"tasks": keys["tasks"]}} if tasks and recipe is None else {})
    inputs = {"sft": model} | ({"data": corpus} if corpus else {}) | ({"reward": reward} if reward else {})
    make(
        stage,
        inputs=inputs,
        out=out,
        recipe_file=recipe,
        changes=changes,
        section=section,
        as_json=as_json,
        dry_run=dry_run,
        next_command=f"samovar chat {out}",
    )
