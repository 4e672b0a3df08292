"""`samovar config schema`: every key of the recipe with its meaning."""

from __future__ import annotations

from typing import Annotated

import typer

from samovar.cli.terminal import print_json

EXAMPLE = "samovar config schema > samovar.schema.json"

Markdown = Annotated[bool, typer.Option("--markdown", help="Print a page to read instead of the JSON schema.")]


def run(markdown: Markdown = False) -> None:
    """Print the recipe's JSON schema: editors complete and check samovar.yaml with it."""
    from samovar.brew.reference import recipe_reference, recipe_schema

    if markdown:
        print(recipe_reference(), end="")
    else:
        print_json(recipe_schema())
