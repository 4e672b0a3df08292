"""`samovar sft`: the stage by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from samovar.cli.stage_alone import full_paths, given, make
from samovar.cli.terminal import AsJson, Changes, DryRun, RecipeFile

EXAMPLE = "samovar sft base --conversations conversations.jsonl --out assistant"

Model = Annotated[Path, typer.Argument(metavar="MODEL", help="Folder of the base model.", show_default=False)]
Conversations = Annotated[
    list[Path] | None,
    typer.Option(
        "--conversations",
        metavar="FILE",
        help="Conversations in OpenAI's, ShareGPT's or Alpaca's form; may be repeated.",
        show_default=False,
    ),
]
Shards = Annotated[
    Path | None,
    typer.Option(
        "--shards",
        metavar="DIR",
        help="Tokens that the base was trained on, for sft.documents_share: OUT-shards of `samovar pretrain`.",
        show_default=False,
    ),
]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder to make.", show_default=False)]
Show = Annotated[
    int,
    typer.Option(
        "--show", min=0, metavar="N", help="Print N rows with what is learnt in colour, and end.", show_default=False
    ),
]


def run(
    model: Model,
    conversations: Conversations = None,
    shards: Shards = None,
    out: Out = None,
    show: Show = 0,
    recipe: RecipeFile = None,
    changes: Changes = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Teach a base model to converse: loss only on what the assistant says.

    With --recipe, the tasks and conversations that the recipe names are learnt too.
    """
    keys: dict[str, Any] = {"conversations": full_paths(conversations)} if conversations else {}
    if show:
        _show(model, {"sft": keys}, recipe, changes or [], show)
        return
    if out is None:
        raise typer.BadParameter("name the folder to make with --out DIR, or look at rows with --show N")
    make(
        "sft",
        inputs=given(pretrain=model, shards=shards),
        out=out,
        recipe_file=recipe,
        changes=changes,
        section={"sft": keys},
        as_json=as_json,
        dry_run=dry_run,
        next_command=_next_command(model, out, recipe, keys, changes or []),
    )


def _next_command(
    model: Path, out: Path, recipe_file: Path | None, keys: dict[str, Any], changes: list[str]
) -> list[str | Path]:
    from samovar.brew.recipe import compose_recipe

    adapter = compose_recipe(recipe_file, {"sft": keys}, changes).sft.adapter
    if adapter is None or adapter.merge:
        return ["samovar", "chat", out]
    return ["samovar", "chat", model, "--adapter", out / "adapter"]


def _show(
    model: Path, section: dict[str, dict[str, Any]], recipe_file: Path | None, changes: list[str], count: int
) -> None:
    from itertools import chain, islice

    from rich.console import Console

    from samovar.brew.curriculum import conversation_files, sample_conversations
    from samovar.brew.recipe import compose_recipe
    from samovar.chat.learning import Learn
    from samovar.chat.read import read_conversations
    from samovar.chat.rows import render_rows
    from samovar.chat.view import show_row
    from samovar.tokenizer.tokenizer import Tokenizer

    recipe = compose_recipe(recipe_file, section, changes)
    tokenizer = Tokenizer.load(model)
    root = recipe_file.parent if recipe_file else Path()
    own = (row for path in conversation_files(root, recipe) for row in read_conversations(path))
    shown = islice(chain(own, sample_conversations(recipe, count)), count)
    learn = Learn(frozenset(recipe.sft.learn_roles), recipe.sft.learn_turns, heeds_weights=True)
    for row in render_rows(shown, tokenizer, learn=learn):
        Console().print(show_row(row, tokenizer), end="\n\n")
