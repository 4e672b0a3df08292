"""`samovar data look`: the documents of a corpus, what was dropped, and what was edited, page by page."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from samovar.cli.corpus_choice import ProjectOption, corpus_of
from samovar.cli.terminal import AsJson, say

EXAMPLE = "samovar data look corpus --dropped"

Corpus = Annotated[
    Path | None,
    typer.Argument(metavar="CORPUS", help="A corpus; without it, that of the project.", show_default=False),
]
IsDropped = Annotated[bool, typer.Option("--dropped", help="Samples of what was dropped, with the reason.")]
IsEdited = Annotated[bool, typer.Option("--edited", help="Samples of what was changed or redacted, before and after.")]
IsCopies = Annotated[
    bool, typer.Option("--copies", help="Documents that stay in place of near-duplicates, and which went for them.")
]
Split = Annotated[Literal["train", "validation"], typer.Option("--split", help="Which part of the corpus.")]
StepName = Annotated[
    str, typer.Option("--step", metavar="STEP", help="What this step did alone, as redact.", show_default=False)
]
Reason = Annotated[
    str, typer.Option("--reason", metavar="WORDS", help="Drops with these words in the reason.", show_default=False)
]
SourceName = Annotated[
    str,
    typer.Option("--source", metavar="PATTERN", help="Documents of files as '*/letters/*.eml'.", show_default=False),
]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit", min=1, help="Stop after so many; by default 10 when nobody turns pages.", show_default=False
    ),
]
Characters = Annotated[int, typer.Option("--characters", min=0, help="Characters to show of each text.")]
_WITHOUT_PAGES = 10
_SHOWN_COPIES = 20


def run(
    corpus: Corpus = None,
    project: ProjectOption = Path(),
    dropped: IsDropped = False,
    edited: IsEdited = False,
    copies: IsCopies = False,
    split: Split = "train",
    step: StepName = "",
    reason: Reason = "",
    source: SourceName = "",
    limit: Limit = None,
    characters: Characters = 600,
    as_json: AsJson = False,
) -> None:
    """Page through documents, drops and redactions: Enter goes on, q ends.

    Texts of the samples are masked and shortened; of everything else that was dropped or edited `samovar data why`
    knows the reason, and the text is where it came from.
    """
    folder = corpus if corpus is not None else corpus_of(project)
    if copies:
        rows = _copies(folder)
    elif dropped or (reason and not edited):
        rows = _samples(folder / "dropped.jsonl")
    elif edited or step:
        rows = _samples(folder / "edited.jsonl")
    else:
        rows = _documents(folder, split)
    wanted = (row for row in rows if _is_wanted(row, step, reason, source))
    is_paged = sys.stdin.isatty() and sys.stdout.isatty() and not as_json
    count = limit if limit is not None else None if is_paged else _WITHOUT_PAGES
    shown = islice(wanted, count)
    if as_json:
        for row in shown:
            print(json.dumps(row, ensure_ascii=False))
        return
    num_shown = _page(shown, characters) if is_paged else sum(_print(row, characters) for row in shown)
    if not num_shown:
        say("nothing of the kind")
    elif not is_paged and next(wanted, None) is not None:
        say(f"there are more: --limit {10 * num_shown}")


def _documents(folder: Path, split: str) -> Iterator[dict[str, Any]]:
    from samovar.data.corpus_reader import read_corpus

    for document in read_corpus(folder, split):
        yield {"id": document.id, "source": document.source, "meta": document.meta, "text": document.text}


def _copies(folder: Path) -> Iterator[dict[str, Any]]:
    from samovar.data.history import groups_of_copies

    for group in groups_of_copies(folder):
        went = [{"id": row.id, "source": row.source, "step": row.step, "detail": row.detail} for row in group.copies]
        yield {"id": group.kept, "step": group.copies[0].step, "copies": went}


def _samples(path: Path) -> Iterator[dict[str, Any]]:
    from samovar.core.errors import MissingError

    if not path.is_file():
        raise MissingError(f"{path} does not exist", hint="make the corpus again with `samovar data`")
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _is_wanted(row: dict[str, Any], step: str, reason: str, source: str) -> bool:
    if step and row.get("step") != step:
        return False
    if reason and reason.lower() not in row.get("reason", "").lower():
        return False
    place = row.get("source") or row["id"]
    return not source or fnmatchcase(place, source) or fnmatchcase(place, f"*/{source}")


def _page(rows: Iterator[dict[str, Any]], characters: int) -> int:
    """One after another, until the reader has enough."""
    count = 0
    for row in rows:
        if count:
            say("Enter: the next; q: enough")
            if sys.stdin.readline().strip().lower() in {"q", "quit", "n"}:
                break
        count += _print(row, characters)
    return count


def _print(row: dict[str, Any], characters: int) -> int:
    print(f"── {_plain(row['id'])}" + (f"  {row['step']}: {row['reason']}" if "reason" in row else ""))
    if row.get("detail"):
        print(f"   {_plain(row['detail'])}")
    if row.get("meta"):
        print("   " + ", ".join(f"{name} {_plain(value)[:60]}" for name, value in sorted(row["meta"].items())))
    if "copies" in row:
        print(f"   stays in place of {len(row['copies']):,}:")
        for copy in row["copies"][:_SHOWN_COPIES]:
            print(f"   {_plain(copy['id'])}: {_plain(copy['detail'].partition(' to ')[0])}")
        if len(row["copies"]) > _SHOWN_COPIES:
            print(f"   … and {len(row['copies']) - _SHOWN_COPIES:,} more")
    elif "after" in row:
        print(f"   by {row['step']}, before:\n{_plain(row['before'][:characters]) or '(not shown)'}")
        print(f"   after:\n{_plain(row['after'][:characters])}")
    else:
        text = row["text"]
        print(_plain(text[:characters]) + (f"\n… {len(text) - characters:,} more" if len(text) > characters else ""))
    print()
    return 1


def _plain(text: str) -> str:
    """Without control characters: no text of a stranger steers the terminal."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else " " for letter in text)
