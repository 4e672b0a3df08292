"""`samovar votes export`: reviewed votes become a file of preferences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samovar.cli.chats import ChatsFile, open_chats
from samovar.cli.keys import Folder
from samovar.cli.terminal import counted, say, say_next

if TYPE_CHECKING:
    from samovar.serve.votes import Review

EXAMPLE = "samovar votes export quickstart"
FILE = Path("votes", "votes.jsonl")
"""In the project, where the recipe finds it as ``preferences: [votes]``."""

Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help=f"The file; by default {FILE} in DIR.", show_default=False),
]
Unreviewed = Annotated[bool, typer.Option("--unreviewed", help="Export votes too that nobody has reviewed yet.")]


def run(folder: Folder, out: Out = None, unreviewed: Unreviewed = False, chats_file: ChatsFile = None) -> None:
    """Write the accepted votes as preferences, a line each; what was there before is written anew.

    `samovar dpo`, `reward` and `judge` read the file, and `samovar brew` where the recipe names the folder `votes`
    under `dpo.preferences`.
    """
    from samovar.brew.project import RECIPE_FILE
    from samovar.core.files import write_json_lines
    from samovar.serve.votes import OF_ONE, Votes

    num_single = num_pairs = 0

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal num_single, num_pairs
        for vote in votes.each():
            if vote.review == "accepted" or (unreviewed and vote.review == "new"):
                num_single += vote.verdict in OF_ONE
                num_pairs += vote.verdict not in OF_ONE
                yield vote.exported()

    path = out or folder / FILE
    with open_chats(folder, chats_file) as store:
        votes = Votes(store)
        _check_any(votes.counts(), unreviewed=unreviewed)
        write_json_lines(path, rows())
    say(f"{counted(num_pairs, 'comparison')} and {counted(num_single, 'vote')} on single answers are in {path}")
    loss = "kto" if num_single > num_pairs else None
    if (folder / RECIPE_FILE).is_file():
        place = path.parent.name if out is None else path.resolve()
        say(f"the assistant learns from them with this in the recipe: {_section(place, loss)}")
        say_next("samovar", "brew", folder)
    else:
        say_next(
            "samovar", "dpo", folder, "--preferences", path, *(("--loss", loss) if loss else ()), "--out", "better"
        )


def _section(place: str | Path, loss: str | None) -> str:
    """What the recipe needs, on one line."""
    return f"dpo: {{preferences: [{place}]{f', loss: {loss}' if loss else ''}}}"


def _check_any(counts: Mapping[Review, int], *, unreviewed: bool) -> None:
    """Refuse to write a file of nothing.

    Raises:
        MissingError: there is no vote to export.
    """
    from samovar.core.errors import MissingError

    if not sum(counts.values()):
        raise MissingError(
            "nobody has voted yet", hint="people vote with the buttons below the answers on the chat page"
        )
    if not counts["accepted"] + (counts["new"] if unreviewed else 0):
        raise MissingError(
            f"no vote is accepted ({counts['new']:,} not reviewed)",
            hint="`samovar votes review DIR` accepts them; --unreviewed takes them as they are",
        )
