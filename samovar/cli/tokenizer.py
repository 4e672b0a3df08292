"""`samovar tokenizer`: the stage by itself."""

from __future__ import annotations

from samovar.cli.stage_alone import CorpusFolder, make
from samovar.cli.terminal import AsJson, Changes, DryRun, OutFolder, RecipeFile

EXAMPLE = "samovar tokenizer corpus --out tokenizer"


def run(
    corpus: CorpusFolder,
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
        next_command=("samovar", "pretrain", corpus, "--tokenizer", out, "--out", "base"),
    )
