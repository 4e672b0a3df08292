"""`samovar tokenizer`: the stage by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from samovar.cli.stage_alone import make
from samovar.cli.terminal import AsJson, Changes, DryRun, OutFolder, RecipeFile

EXAMPLE = "samovar tokenizer corpus --out tokenizer"

Corpus = Annotated[Path, typer.Argument(metavar="CORPUS", help="Folder that `samovar data` made.", show_default=False)]


def run(
    corpus: Corpus,
    out: OutFolder,
    recipe: RecipeFile = None,
    changes: Changes = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Learn a byte-level BPE tokenizer from a corpus, in Hugging Face's format, with the chat template inside."""
    make(
        "tokenizer",
        inputs={"data": corpus},
        out=out,
        recipe_file=recipe,
        changes=changes,
        as_json=as_json,
        dry_run=dry_run,
        next_command=f"samovar pretrain {corpus} --tokenizer {out} --out base",
    )
