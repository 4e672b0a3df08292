"""`samovar trace`: which documents of the corpus hold these words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samovar.cli.corpus_choice import CorpusOption, ProjectOption, corpus_of
from samovar.cli.terminal import AsJson, counted, one_line, print_json, say

if TYPE_CHECKING:
    from samovar.data.suffix_array.corpus_index import Found, Hit

EXAMPLE = "samovar trace 'the delivery term is' --corpus corpus"

Passage = Annotated[str, typer.Argument(metavar="TEXT", help="The words to look for, as they stand in the documents.")]
Loose = Annotated[bool, typer.Option("--loose", help="Mind neither case nor white space nor the dots of ё.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="Documents to show, those with most places first.")]
Context = Annotated[int, typer.Option("--context", min=0, help="Characters to show on either side.")]


def run(
    text: Passage,
    corpus: CorpusOption = None,
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

    folder = corpus if corpus is not None else corpus_of(project)
    index = open_corpus_index(folder, is_quiet=as_json)
    found = index.search(text, is_loose=loose, limit=limit, context=context)
    if as_json:
        print_json(_entry(folder, text, found))
        return
    for hit in found.hits:
        _show(hit)
    say(f"{counted(found.num_places, 'place')} in {counted(found.num_documents, 'document')} of {folder}")
    if found.num_documents > len(found.hits):
        shown = "that with most places is" if len(found.hits) == 1 else f"the {len(found.hits)} with most places are"
        say(f"{shown} shown: --limit {min(found.num_documents, 1000)} shows more")
    if not found.num_places and not loose:
        say("hint: --loose minds neither case nor white space")


def _show(hit: Hit) -> None:
    details = "".join(f", {name} {value}" for name, value in sorted(hit.meta.items()) if len(value) <= 40)
    others = f" and {hit.num_places - 1:,} more in it" if hit.num_places > 1 else ""
    print(f"{hit.source}  offset {hit.offsets[0]:,}{others}  ({hit.split}, {hit.id}{details})")
    print(f"    {one_line(hit.before)}[{one_line(hit.found)}]{one_line(hit.after)}")


def _entry(folder: Path, text: str, found: Found) -> dict[str, object]:
    return {
        "corpus": str(folder),
        "text": text,
        "num_places": found.num_places,
        "num_documents": found.num_documents,
        "documents": [hit._asdict() for hit in found.hits],
    }
