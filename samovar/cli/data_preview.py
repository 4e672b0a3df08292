"""`samovar data preview`: what each rule of quality would lose, before anything is cleaned."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from samovar.cli.data import Source, TextField, recipe_for
from samovar.cli.terminal import AsJson, Changes, RecipeFile, print_json, print_table, say, say_next
from samovar.core.command_line import as_typed
from samovar.core.errors import ConfigError

EXAMPLE = "samovar data preview documents --documents 500"

Documents = Annotated[int, typer.Option("--documents", min=1, help="Documents to try the rules on.")]
Rule = Annotated[
    str,
    typer.Option(
        "--rule",
        metavar="STEP.RULE",
        help="Show this rule's thresholds, as repetition.top_2_words.",
        show_default=False,
    ),
]


def run(
    source: Source,
    recipe: RecipeFile = None,
    changes: Changes = None,
    text_field: TextField = None,
    documents: Documents = 2000,
    rule: Rule = "",
    as_json: AsJson = False,
) -> None:
    """Show what each rule of quality would lose of these documents at which threshold, with samples.

    The rules are those of the recipe's steps; documents are taken from files all over the source.
    """
    from samovar.data.quality.preview import preview_rules, preview_tables
    from samovar.data.sampling import sample_documents
    from samovar.data.steps import make_step

    settings = recipe_for(source, recipe, changes, text_field).data
    steps = [make_step(step.below(Path()), seed=settings.seed) for step in settings.steps]
    steps = [step for step in steps if step.is_local]
    previews = preview_rules(sample_documents(settings, Path(), documents), steps)
    if rule:
        previews = [one for one in previews if rule in {f"{one.step}.{one.rule}", one.step, one.rule}]
        if not previews:
            raise ConfigError(
                f"there is no rule '{rule}'", hint=f"`{as_typed('samovar', 'data', 'preview', source)}` lists them"
            )
    tables = preview_tables(previews)
    if as_json:
        print_json([table._asdict() for table in tables])
        return
    if not previews:
        say("none of the steps has rules with thresholds")
        return
    for table in tables if rule else tables[:1]:
        say(table.title)
        print_table(table.head, table.rows)
        if table.note:
            say(table.note)
    for preview in previews if rule else []:
        for sample in preview.samples:
            say(f"{sample.id}: {sample.value:.4g}")
            say(f"  {' '.join(sample.text.split())}")
    if rule:
        say_next("samovar", "data", source, "--out", "corpus")
    else:
        say_next("samovar", "data", "preview", source, "--rule", f"{previews[0].step}.{previews[0].rule}")
