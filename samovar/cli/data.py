"""`samovar data`: the stage by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from samovar.cli.stage_alone import make
from samovar.cli.terminal import AsJson, Changes, DryRun, OutFolder, RecipeFile

EXAMPLE = "samovar data documents --out corpus"

Source = Annotated[
    str,
    typer.Argument(metavar="SOURCE", help="A file, a folder, or python-docs.", show_default=False),
]


def run(
    source: Source,
    out: OutFolder,
    recipe: RecipeFile = None,
    changes: Changes = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Read, clean and deduplicate documents into a Parquet corpus, with a report of what was dropped and why."""
    path = source if source == "python-docs" else str(Path(source).resolve())
    make(
        "data",
        inputs={},
        out=out,
        recipe_file=recipe,
        changes=changes,
        section={"data": {"sources": [path]}},
        as_json=as_json,
        dry_run=dry_run,
        next_command=f"samovar tokenizer {out} --out tokenizer",
    )
