"""`samovar quantize`: the stage by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from samovar.cli.stage_alone import make
from samovar.cli.terminal import AsJson, Changes, DryRun, OutFolder, RecipeFile

EXAMPLE = "samovar quantize assistant --out assistant-int8"

Model = Annotated[Path, typer.Argument(metavar="MODEL", help="Folder of the model.", show_default=False)]
Corpus = Annotated[
    Path | None,
    typer.Option("--corpus", metavar="DIR", help="Measure the change on its held-out text.", show_default=False),
]


def run(
    model: Model,
    out: OutFolder,
    corpus: Corpus = None,
    recipe: RecipeFile = None,
    changes: Changes = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Store the weights in eight bits: size, change in bits per byte and speed are measured."""
    make(
        "quantize",
        inputs={"sft": model} | ({"data": corpus} if corpus else {}),
        out=out,
        recipe_file=recipe,
        changes=changes,
        as_json=as_json,
        dry_run=dry_run,
        next_command=f"samovar chat {out}",
    )
