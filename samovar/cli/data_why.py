"""`samovar data why`: what became of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samovar.cli.corpus_choice import CorpusOption, ProjectOption, corpus_of
from samovar.cli.terminal import AsJson, counted, one_line, print_json, say
from samovar.core.progress import short_bytes

if TYPE_CHECKING:
    from samovar.data.history import DocumentHistory, FileHistory

EXAMPLE = "samovar data why letters/contract.pdf --corpus corpus"

File = Annotated[
    str,
    typer.Argument(metavar="FILE", help="A file that was met, by its path or the end of it; also inside an archive."),
]
Limit = Annotated[int, typer.Option("--limit", min=1, help="Documents to show.")]
_META_CHARACTERS = 60


def run(
    file: File,
    corpus: CorpusOption = None,
    project: ProjectOption = Path(),
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Tell what became of a file: whether it was read, its documents, and what each step did to them."""
    from samovar.data.history import file_history, find_files

    folder = corpus if corpus is not None else corpus_of(project)
    rows = find_files(folder, file)
    histories = [file_history(folder, row) for row in rows[:limit]]
    if as_json:
        print_json([_entry(history) for history in histories])
        return
    for history in histories:
        _show(history, limit)
    if len(rows) > len(histories):
        say(f"{len(rows):,} files are called so; name more of the path")


def _show(history: FileHistory, limit: int) -> None:
    row = history.row
    facts = [short_bytes(row["size_bytes"]), row["format"], row["encoding"]]
    print(f"{one_line(history.name)}  ({', '.join(fact for fact in facts if fact)})")
    if row["reason"]:
        print(f"  gave no document: {one_line(row['reason'])}")
    for note in row["notes"]:
        where = f", first at {one_line(note['first'])}" if note["first"] else ""
        print(f"  {one_line(note['problem'])}: {counted(note['count'], 'time')}{where}")
    if row["documents"]:
        kept = sum(bool(document.split) for document in history.documents)
        print(f"  {counted(row['documents'], 'document')} read, {kept:,} in the corpus")
    for document in history.documents[:limit]:
        _show_document(document)
    if len(history.documents) > limit:
        print(f"  … and {len(history.documents) - limit:,} more: --limit shows them")


def _show_document(document: DocumentHistory) -> None:
    print(f"  {one_line(document.id)}")
    for verdict in document.verdicts:
        told = "; ".join(one_line(part) for part in (verdict.reason, verdict.detail) if part)
        print(f"    {verdict.verdict} by {verdict.step}{': ' if told else ''}{told}")
    if document.copies:
        others = ", ".join(one_line(name) for name in document.copies[:5])
        more = f" and {len(document.copies) - 5:,} more" if len(document.copies) > 5 else ""
        print(f"    stays in place of {others}{more}")
    if document.split:
        meta = ", ".join(
            f"{name} {one_line(value)}"
            for name, value in sorted(document.meta.items())
            if len(value) <= _META_CHARACTERS
        )
        print(f"    in {document.split}: {document.num_characters:,} characters{', ' if meta else ''}{meta}")
    elif not any(verdict.verdict == "dropped" for verdict in document.verdicts):
        print("    in neither part of the corpus")


def _entry(history: FileHistory) -> dict[str, Any]:
    documents = [
        {**vars(document), "verdicts": [verdict._asdict() for verdict in document.verdicts]}
        for document in history.documents
    ]
    return {**history.row, "documents_now": documents}
