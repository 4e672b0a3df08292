"""`samovar grpo`: the stage by itself."""

from __future__ import annotations

from samovar.cli.reinforcement import Corpus, Judge, Model, TaskNames, make_by_reward
from samovar.cli.terminal import AsJson, Changes, DryRun, OutFolder, RecipeFile

EXAMPLE = "samovar grpo assistant --task arithmetic --out better"


def run(
    model: Model,
    out: OutFolder,
    task: TaskNames = None,
    reward: Judge = None,
    corpus: Corpus = None,
    recipe: RecipeFile = None,
    changes: Changes = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Teach the assistant by reward, its answers to a question compared with each other.

    In the end it is compared with what it was: where it is too much worse at any task, the old one stays in the
    folder and the new one stands in `refused` there. samples.md shows answers before and after.
    """
    make_by_reward(
        "grpo", model, out, tasks=task, reward=reward, corpus=corpus, recipe=recipe, changes=changes, as_json=as_json,
        dry_run=dry_run,
    )  # fmt: skip
