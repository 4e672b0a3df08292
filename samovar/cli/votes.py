"""`samovar votes`: what people said of answers on the chat page, until it is data to train on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from samovar.cli.chats import ChatsFile, open_chats
from samovar.cli.keys import Folder
from samovar.cli.terminal import AsJson, counted, one_line, print_json, print_table, say, say_next
from samovar.core.excerpts import beginning

if TYPE_CHECKING:
    from samovar.serve.votes import Vote

EXAMPLE = "samovar votes list quickstart"
ABOUT = """Votes from the chat page: list, review, export.

People vote on the answers in their chats. Whoever runs the server reviews the votes, and exports them as preferences
that `samovar dpo` and `samovar reward` learn from. Here, unlike in `samovar chats`, what was said is shown."""
COMMANDS = ("list", "review", "export")
"""The first may be left out; the others are files in this folder, ``votes_<name>.py``."""

_ID_LETTERS, _EXCERPT_LETTERS = 8, 60

Most = Annotated[int, typer.Option("--limit", min=1, help="Show the last so many.")]


def run(folder: Folder, limit: Most = 20, chats_file: ChatsFile = None, as_json: AsJson = False) -> None:
    """List the votes: what was asked, what was said of the answer, and whether it was reviewed."""
    from samovar.serve.votes import Votes

    with open_chats(folder, chats_file) as store:
        found, counts = Votes(store).latest(limit), Votes(store).counts()
    if as_json:
        print_json([vote.exported() for vote in found])
        return
    if not found:
        say("nobody has voted yet: people vote with the buttons below the answers on the chat page")
        return
    print_table(
        ("id", "day", "vote", "review", "question"),
        [(short_id(vote), day(vote), in_words(vote), vote.review, asked(vote)) for vote in found],
    )
    number = sum(counts.values())
    shown = f", the last {limit} shown" if number > limit else ""
    say(
        f"{counted(number, 'vote')}{shown}: {counts['accepted']:,} accepted,"
        f" {counts['rejected']:,} rejected, {counts['new']:,} not reviewed"
    )
    say_next("samovar", "votes", "review" if counts["new"] else "export", folder)


def short_id(vote: Vote) -> str:
    """As much of a vote's id as people need."""
    return vote.id.removeprefix("vote_")[:_ID_LETTERS]


def day(vote: Vote) -> str:
    """When it was cast."""
    return f"{datetime.fromtimestamp(vote.created_s):%Y-%m-%d}"


def in_words(vote: Vote) -> str:
    """What was said of the answer or the two."""
    return {"left": "left better", "right": "right better", "both_bad": "both bad"}.get(vote.verdict, vote.verdict)


def asked(vote: Vote) -> str:
    """The beginning of what was asked, on one line."""
    return beginning(one_line(vote.question), _EXCERPT_LETTERS)
