"""`samovar improve`: the stage by itself."""

from __future__ import annotations

from typing import Any

from samovar.cli.reinforcement import TaskNames
from samovar.cli.stage_alone import AssistantFolder, GateCorpus, given, make
from samovar.cli.terminal import AsJson, Changes, DryRun, OutFolder, RecipeFile

EXAMPLE = "samovar improve assistant --task long_sums --out better"


def run(
    model: AssistantFolder,
    out: OutFolder,
    task: TaskNames = None,
    corpus: GateCorpus = None,
    recipe: RecipeFile = None,
    changes: Changes = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Teach the assistant by its own answers: it is asked, a checker judges, and it learns what was right.

    With --recipe, a share of what fine-tuning had taught is learnt again, so that it is not forgotten. In the end it
    is compared with what it was: where it is too much worse at any task, the old one stays in the folder and the new
    one stands in `refused` there. samples.md shows answers before and after.
    """
    keys: dict[str, Any] = {"tasks": dict.fromkeys(task, 1.0)} if task else {}
    make(
        "improve",
        inputs=given(sft=model, data=corpus),
        out=out,
        recipe_file=recipe,
        changes=changes,
        section={"improve": keys},
        as_json=as_json,
        dry_run=dry_run,
        next_command=("samovar", "chat", out),
    )
