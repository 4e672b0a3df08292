"""`samovar data forget`: documents out of the corpus for good, and who has seen them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samovar.cli.corpus_choice import CorpusOption, corpus_of
from samovar.cli.terminal import AsJson, DryRun, counted, one_line, print_json, print_table, say, say_next

if TYPE_CHECKING:
    from samovar.brew.forgetting import Findings
    from samovar.data.forget import ForgetRule

EXAMPLE = "samovar data forget 'letters/*.eml' --dry-run"

Words = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE|PATTERN...",
        help="A file, a folder, or a pattern as letters/*.eml; id:ID for a document; text:REGEX for words in the text.",
        show_default=False,
    ),
]
ProjectOption = Annotated[
    Path, typer.Option("--project", metavar="DIR", help="The project that is to forget, without --corpus.")
]
Search = Annotated[
    list[Path] | None,
    typer.Option(
        "--search",
        metavar="DIR",
        help="Look for artifacts made from CORPUS here, too; may be repeated.",
        show_default=False,
    ),
]
Anyway = Annotated[bool, typer.Option("--anyway", help="Keep the rule though the corpus has nothing that it names.")]
_SHOWN_DOCUMENTS = 20


def run(
    words: Words,
    corpus: CorpusOption = None,
    project: ProjectOption = Path(),
    search: Search = None,
    anyway: Anyway = False,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Remove documents from the corpus, keep them out of every later one, and list what was trained on them.

    The rule is kept with the project or the corpus. The files themselves stay where they are. A model that has seen a
    document keeps what it learnt: it is to be made anew.
    """
    from samovar.brew.forgetting import find_in_corpus, find_in_project, forget_in_corpus, forget_in_project
    from samovar.brew.project import open_project
    from samovar.core.errors import MissingError
    from samovar.data.forget import parse_rule

    opened = open_project(project) if corpus is None else None
    made = corpus if corpus is not None else _corpus_if_any(project)
    rules = [_as_named(made, parse_rule(word)) for word in words]
    if opened is not None:
        found = find_in_project(opened, rules)
    else:
        assert corpus is not None
        found = find_in_corpus(corpus, rules, search or ())
    if not found.documents and not anyway:
        raise MissingError(
            f"the corpus has nothing that {' or '.join(words)} names",
            hint="`samovar data look` shows how it calls files; --anyway keeps the rule for later runs",
        )
    if not as_json:
        _show_documents(found)
    if not dry_run:
        if opened is not None:
            forget_in_project(opened, rules, found, is_quiet=as_json)
        elif corpus is not None:
            forget_in_corpus(corpus, rules, is_quiet=as_json)
    if as_json:
        print_json(_entry(found, dry_run))
        return
    num = f"{counted(found.num_documents, 'document')}, {counted(found.num_characters, 'character')}"
    say(f"would forget {num}; nothing was changed" if dry_run else f"forgotten: {num}; the rule is kept")
    if found.heirs:
        _show_heirs(found)
    if not dry_run:
        if corpus is None:
            say_next("samovar", "brew", project)
        else:
            say_next("samovar", "tokenizer", corpus, "--out", "tokenizer")


def _corpus_if_any(project: Path) -> Path | None:
    from samovar.core.errors import MissingError

    try:
        return corpus_of(project)
    except MissingError:  # a rule can be kept before there is any corpus
        return None


def _as_named(corpus: Path | None, rule: ForgetRule) -> ForgetRule:
    """A rule on a file with the name that the corpus has for it, where a path to it or the end of one was given."""
    from samovar.core.errors import MissingError
    from samovar.data.history import find_files, read_files

    if corpus is None or rule.kind != "file" or any(rule.matches_file(row["file"]) for row in read_files(corpus)):
        return rule
    try:
        rows = find_files(corpus, rule.pattern)
    except MissingError:
        return rule
    return replace(rule, pattern=rows[0]["file"]) if len(rows) == 1 else rule


def _show_documents(found: Findings) -> None:
    rows = [
        (one_line(document.id), document.split, f"{document.num_characters:,}", one_line(document.excerpt)[:80])
        for document in found.documents[:_SHOWN_DOCUMENTS]
    ]
    if rows:
        print_table(("document", "split", "characters", "beginning"), rows)
    if found.num_documents > len(rows):
        say(f"… and {found.num_documents - len(rows):,} more")


def _show_heirs(found: Findings) -> None:
    say("these were made from a corpus that had them; what they have learnt does not go away:")
    rows = [
        (
            str(heir.made.folder),
            heir.made.manifest.stage,
            "has seen it" if heir.is_certain else "may have seen it",
            heir.made.manifest.made_at,
        )
        for heir in found.heirs
    ]
    print_table(("artifact", "stage", "state", "made at"), rows)
    say("make them anew, and delete these")


def _entry(found: Findings, dry_run: bool) -> dict[str, Any]:
    return {
        "is_done": not dry_run,
        "num_documents": found.num_documents,
        "num_characters": found.num_characters,
        "documents": [
            {"id": one.id, "source": one.source, "split": one.split, "rule": f"{one.rule.kind}:{one.rule.pattern}"}
            for one in found.documents
        ],
        "artifacts": [
            {
                "path": str(heir.made.folder),
                "stage": heir.made.manifest.stage,
                "id": heir.made.manifest.id,
                "made_at": heir.made.manifest.made_at,
                "is_certain": heir.is_certain,
            }
            for heir in found.heirs
        ],
    }
