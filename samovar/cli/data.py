"""`samovar data`: the stage by itself, and what can be asked of a corpus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samovar.cli.terminal import (
    AsJson,
    Changes,
    DryRun,
    OutFolder,
    RecipeFile,
    print_json,
    print_table,
    say,
    say_next,
)
from samovar.core.command_line import as_typed

if TYPE_CHECKING:
    from samovar.brew.recipe import Recipe

EXAMPLE = "samovar data documents --out corpus"
ABOUT = """Documents into a clean corpus, and what became of each of them.

`samovar data SOURCE --out DIR` makes a corpus or brings it up to date; its options: `samovar data make --help`."""
COMMANDS = ("make", "look", "why", "forget", "preview", "publish")
"""The first may be left out; the others are files in this folder, ``data_<name>.py``."""

Source = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE", help="A file, a folder, a URI as s3://bucket/docs, or python-docs.", show_default=False
    ),
]
TextField = Annotated[
    str | None,
    typer.Option(
        "--text-field",
        metavar="NAME",
        help="Field or column that holds the text, where it is not text, content or body.",
        show_default=False,
    ),
]
Engine = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="ENGINE",
        help="local, or ray for a cluster of Ray; short for --set data.engine=ray.",
        show_default=False,
    ),
]


def run(
    source: Source,
    out: OutFolder,
    recipe: RecipeFile = None,
    changes: Changes = None,
    text_field: TextField = None,
    engine: Engine = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Read, clean and deduplicate documents into a Parquet corpus, with a report of what was dropped and why.

    A corpus of the same source that is there already is brought up to date: only what is new or changed is read, and
    what was removed leaves it. The old one is whole until the new one is.
    """
    from samovar.brew.corpus_alone import make_corpus_alone
    from samovar.brew.stages.data import DataStage
    from samovar.cli.stage_alone import id_at, made_line

    changes = [*(changes or []), *([f"data.engine={engine}"] if engine else [])]
    composed = recipe_for(source, recipe, changes, text_field)
    if dry_run:
        print_json({"stage": "data", "out": str(out), "config": DataStage().config(composed)})
        return
    id_before = id_at(out)
    manifest = make_corpus_alone(composed, out, is_quiet=as_json)
    if as_json:
        print_json(manifest.model_dump())
        return
    print_table(("what", "documents", "characters"), _summary(manifest.metrics), on_stderr=True)
    say(made_line(out, manifest, id_before))
    say(f"report: {out / 'report.html'}")
    look, why = as_typed("samovar", "data", "look", out), as_typed("samovar", "data", "why", "FILE", "--corpus", out)
    say(f"look: {look}; why a file is not in it: {why}")
    say_next("samovar", "tokenizer", out, "--out", "tokenizer")


def recipe_for(source: str, recipe: Path | None, changes: list[str] | None, text_field: str | None = None) -> Recipe:
    """The recipe at ``recipe``, or of defaults, with ``source`` as its only source of documents.

    It is read as the recipe says of a source of the same path, and its text is in ``text_field`` where that is given.
    Documents are called by the folder's name, so that a corpus is the same wherever the folder lies. Files that the
    steps name are taken from the recipe's folder, as in a brew, and by their whole paths, as `samovar data forget` may
    be typed anywhere.
    """
    from samovar.brew.recipe import compose_recipe
    from samovar.data.settings import PYTHON_DOCS
    from samovar.data.uri import is_uri

    if source == PYTHON_DOCS:
        return _below(recipe, compose_recipe(recipe, {"data": {"sources": [source]}}, changes or ()))
    named: dict[str, Any] = {"path": source}
    if not is_uri(source):
        path = Path(source).resolve()
        named = {"path": str(path), "name": path.name or str(path)}
    if recipe is not None:
        for one in compose_recipe(recipe, {}).data.sources:
            if one.path and (one.path == source or (recipe.parent / one.path).resolve() == Path(source).resolve()):
                named |= one.model_dump(include={"text_field", "separator", "ocr"})
    if text_field:
        named["text_field"] = text_field
    return _below(recipe, compose_recipe(recipe, {"data": {"sources": [named]}}, changes or ()))


def _below(recipe_file: Path | None, recipe: Recipe) -> Recipe:
    root = (recipe_file.parent if recipe_file is not None else Path()).resolve()
    steps = [step.below(root) for step in recipe.data.steps]
    return recipe.model_copy(update={"data": recipe.data.model_copy(update={"steps": steps})})


def _summary(metrics: dict[str, Any]) -> list[tuple[str, str, str]]:
    rows = [("read", f"{metrics['documents_read']:,}", f"{metrics['characters_read']:,}")]
    rows += [(f"dropped by {reason}", f"{count:,}", "") for reason, count in metrics["dropped"].items()]
    rows.append(("in the corpus", f"{metrics['documents']:,}", f"{metrics['characters']:,}"))
    return rows
