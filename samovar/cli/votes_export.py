"""`samovar votes export`: reviewed votes become a file of preferences."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from samovar.cli.chats import ChatsFile, open_chats
from samovar.cli.keys import Folder
from samovar.cli.terminal import say, say_next

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

    `samovar dpo`, `reward` and `judge` read the file, and `samovar brew` where the recipe has `dpo: {preferences:
    [votes]}`.
    """
    from samovar.brew.project import RECIPE_FILE
    from samovar.core.errors import MissingError
    from samovar.core.files import write_json_lines
    from samovar.serve.votes import OF_ONE, Votes

    wanted = {"accepted", "new"} if unreviewed else {"accepted"}
    with open_chats(folder, chats_file) as store:
        every = Votes(store).listed()
    found = [vote for vote in every if vote.review in wanted]
    if not found:
        num_new = sum(vote.review == "new" for vote in every)
        raise MissingError(
            f"no vote is accepted ({num_new:,} not reviewed)" if every else "nobody has voted yet",
            hint="`samovar votes review DIR` accepts them; --unreviewed takes them as they are"
            if every
            else "people vote with the buttons below the answers on the chat page",
        )
    path = out or folder / FILE
    write_json_lines(path, (vote.exported() for vote in found))
    num_single = sum(vote.verdict in OF_ONE for vote in found)
    num_pairs = len(found) - num_single
    pairs = f"{num_pairs:,} comparison{'' if num_pairs == 1 else 's'}"
    say(f"{pairs} and {num_single:,} vote{'' if num_single == 1 else 's'} on single answers are in {path}")
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
