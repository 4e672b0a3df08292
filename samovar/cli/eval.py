"""`samovar eval`: the stage by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from samovar.cli.stage_alone import given, make
from samovar.cli.terminal import AsJson, Changes, DryRun, RecipeFile

EXAMPLE = "samovar eval assistant --task arithmetic --set eval.examples=20"

Model = Annotated[
    Path, typer.Argument(metavar="MODEL", help="Folder of the model, or a project, by its recipe.", show_default=False)
]
Corpus = Annotated[
    Path | None,
    typer.Option("--corpus", metavar="DIR", help="Measure bits per byte on its held-out text.", show_default=False),
]
Tasks = Annotated[
    list[str] | None,
    typer.Option(
        "--task", metavar="NAME", help="Task to ask; may be repeated; by default the recipe's, else all.",
        show_default=False,
    ),
]  # fmt: skip
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Folder to make; by default MODEL-eval here.", show_default=False),
]


def run(
    model: Model,
    corpus: Corpus = None,
    tasks: Tasks = None,
    out: Out = None,
    recipe: RecipeFile = None,
    changes: Changes = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Measure a model: accuracy on the tasks' held-out questions, bits per byte, samples, and a report to read."""
    from samovar.brew.project import RECIPE_FILE

    measured = model
    if (model / RECIPE_FILE).is_file():
        from samovar.cli.assistant_choice import assistant_of

        measured, recipe = assistant_of(model).model, recipe or model / RECIPE_FILE
    folder = out or Path(f"{model.resolve().name}-eval")
    make(
        "eval",
        inputs=given(quantize=measured, data=corpus),
        out=folder,
        recipe_file=recipe,
        changes=changes,
        section={"sft": _shares(tasks or [], recipe)},
        as_json=as_json,
        dry_run=dry_run,
        next_command=("samovar", "chat", model),
    )


def _shares(tasks: list[str], recipe: Path | None) -> dict[str, Any]:
    from samovar.tasks.registry import task_names

    if recipe is not None and not tasks:
        return {}
    return {"tasks": dict.fromkeys(tasks or task_names(), 1.0)}
