"""`samovar pretrain`: the stage by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from samovar.cli.stage_alone import CorpusFolder, check, make
from samovar.cli.terminal import AsJson, Changes, DryRun, OutFolder, RecipeFile, say

EXAMPLE = "samovar pretrain corpus --tokenizer tokenizer --out base --set pretrain.tokens=1000000"

TokenizerFolder = Annotated[
    Path, typer.Option("--tokenizer", metavar="DIR", help="Folder that `samovar tokenizer` made.", show_default=False)
]


def run(
    corpus: CorpusFolder,
    tokenizer: TokenizerFolder,
    out: OutFolder,
    recipe: RecipeFile = None,
    changes: Changes = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Train a decoder from scratch on a corpus; the token shards are made beside OUT, in OUT-shards.

    The result is a Hugging Face folder. A run that was stopped goes on from its last checkpoint.
    """
    shards = out.with_name(f"{out.name}-shards")
    if not dry_run:
        check("pretrain", recipe_file=recipe, changes=changes)
        say(f"shards: {shards}")
        make(
            "shards",
            inputs={"data": corpus, "tokenizer": tokenizer},
            out=shards,
            recipe_file=recipe,
            changes=changes,
            as_json=False,
            dry_run=False,
            next_command=(),
            shows=False,
        )
    make(
        "pretrain",
        inputs={"shards": shards, "tokenizer": tokenizer},
        out=out,
        recipe_file=recipe,
        changes=changes,
        as_json=as_json,
        dry_run=dry_run,
        next_command=("samovar", "sft", out, "--conversations", "conversations.jsonl", "--out", "assistant"),
    )
