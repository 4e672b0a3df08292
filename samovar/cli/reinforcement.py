"""What the commands that teach by reward share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from samovar.cli.stage_alone import AssistantFolder, GateCorpus, given, make
from samovar.cli.terminal import AsJson, Changes, DryRun, OutFolder, RecipeFile

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


def command_of(stage: str, about: str) -> Callable[..., None]:
    """The command of the stage ``grpo`` or ``ppo``; ``about`` is the first line of its help."""

    def run(
        model: AssistantFolder,
        out: OutFolder,
        task: TaskNames = None,
        reward: Judge = None,
        corpus: GateCorpus = None,
        recipe: RecipeFile = None,
        changes: Changes = None,
        as_json: AsJson = False,
        dry_run: DryRun = False,
    ) -> None:
        keys: dict[str, Any] = {"tasks": dict.fromkeys(task, 1.0)} if task else {}
        if reward is not None:
            keys["reward"] = "model"
        # What is learnt is also what both models are asked in the end, where no recipe says more.
        section = {stage: keys} | ({"sft": {"tasks": keys["tasks"]}} if task and recipe is None else {})
        make(
            stage,
            inputs=given(sft=model, data=corpus, reward=reward),
            out=out,
            recipe_file=recipe,
            changes=changes,
            section=section,
            as_json=as_json,
            dry_run=dry_run,
            next_command=("samovar", "chat", out),
        )

    run.__doc__ = f"""{about}

    In the end it is compared with what it was: where it is too much worse at any task, the old one stays in the
    folder and the new one stands in `refused` there. samples.md shows answers before and after.
    """
    return run
