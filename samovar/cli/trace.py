"""`samovar trace`: which documents of the corpus hold these words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samovar.cli.terminal import AsJson, print_json, say

if TYPE_CHECKING:
    from samovar.data.suffix_array.corpus_index import Found, Hit

EXAMPLE = "samovar trace 'the delivery term is' --corpus corpus"

Passage = Annotated[str, typer.Argument(metavar="TEXT", help="The words to look for, as they stand in the documents.")]
Corpus = Annotated[
    Path | None,
    typer.Option("--corpus", metavar="CORPUS", help="A corpus that `samovar data` made.", show_default=False),
]
ProjectOption = Annotated[
    Path, typer.Option("--project", metavar="DIR", help="The project whose corpus to search, without --corpus.")
]
Loose = Annotated[bool, typer.Option("--loose", help="Mind neither case nor white space nor the dots of ё.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="Documents to show, those with most places first.")]
Context = Annotated[int, typer.Option("--context", min=0, help="Characters to show on either side.")]


def run(
    text: Passage,
    corpus: Corpus = None,
    project: ProjectOption = Path(),
    loose: Loose = False,
    limit: Limit = 10,
    context: Context = 60,
    as_json: AsJson = False,
) -> None:
    """Find the training documents that hold these words: file, offset, count and context.

    The first search makes an index in CORPUS/index (about five bytes a character, ten seconds for 100 MB); later ones
    take milliseconds. It is made anew when the corpus has changed.
    """
    from samovar.data.suffix_array.corpus_index import open_corpus_index

    folder = corpus if corpus is not None else _corpus_of(project)
    index = open_corpus_index(folder, is_quiet=as_json)
    found = index.search(text, is_loose=loose, limit=limit, context=context)
    if as_json:
        print_json(_entry(folder, text, found))
        return
    for hit in found.hits:
        _show(hit)
    documents = "document" if found.num_documents == 1 else "documents"
    places = "place" if found.num_places == 1 else "places"
    say(f"{found.num_places:,} {places} in {found.num_documents:,} {documents} of {folder}")
    if found.num_documents > len(found.hits):
        say(f"the {len(found.hits)} with most places are shown: --limit {min(found.num_documents, 1000)} shows more")
    if not found.num_places and not loose:
        say("hint: --loose minds neither case nor white space")


def _corpus_of(root: Path) -> Path:
    """The corpus that the project's recipe leads to; where that is not made, the newest there is."""
    from samovar.brew.graph import resolve
    from samovar.brew.project import open_project
    from samovar.brew.recipe import load_recipe
    from samovar.brew.stage import load_stages
    from samovar.core.artifact import is_whole, read_manifest
    from samovar.core.errors import MissingError

    project = open_project(root)
    stages = {"data": load_stages()["data"]}
    [item] = resolve(project, load_recipe(project.recipe_file), stages)
    if item.manifest is not None:
        return item.folder
    made = [folder for folder in project.artifacts.glob("data-*") if is_whole(folder)]
    if not made:
        raise MissingError(
            f"{root} has no corpus yet", hint=f"make it with `samovar brew {root}`, or name one with --corpus CORPUS"
        )
    newest = max(made, key=lambda folder: read_manifest(folder).made_at)
    say(f"the documents or the recipe have changed since the last brew; searching {newest.name}, which it made")
    return newest


def _show(hit: Hit) -> None:
    details = "".join(f", {name} {value}" for name, value in sorted(hit.meta.items()) if len(value) <= 40)
    others = f" and {hit.num_places - 1:,} more in it" if hit.num_places > 1 else ""
    print(f"{hit.source}  offset {hit.offsets[0]:,}{others}  ({hit.split}, {hit.id}{details})")
    print(f"    {_line(hit.before)}[{_line(hit.found)}]{_line(hit.after)}")


def _line(text: str) -> str:
    """Line ends and control characters as spaces: the context stays one line, and no terminal is steered."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _entry(folder: Path, text: str, found: Found) -> dict[str, object]:
    return {
        "corpus": str(folder),
        "text": text,
        "num_places": found.num_places,
        "num_documents": found.num_documents,
        "documents": [hit._asdict() for hit in found.hits],
    }
