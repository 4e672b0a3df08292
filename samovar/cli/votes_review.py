"""`samovar votes review`: which votes are to be learnt from."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samovar.cli.chats import ChatsFile, open_chats
from samovar.cli.keys import Folder
from samovar.cli.terminal import one_line, say, say_next
from samovar.cli.votes import day, in_words, short_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from samovar.serve.votes import Review, Vote, Votes

EXAMPLE = "samovar votes review quickstart"

Accept = Annotated[
    list[str] | None,
    typer.Option("--accept", metavar="ID", help="Accept this one, or `all` that are new.", show_default=False),
]
Reject = Annotated[
    list[str] | None,
    typer.Option("--reject", metavar="ID", help="Reject this one, or `all` that are new.", show_default=False),
]
_KEYS: dict[str, Review] = {"a": "accepted", "r": "rejected"}


def run(folder: Folder, accept: Accept = None, reject: Reject = None, chats_file: ChatsFile = None) -> None:
    """Show the new votes one by one and ask about each; or accept and reject by id, without asking.

    What is rejected is not exported. A vote can be accepted or rejected again later, by its id.
    """
    from samovar.serve.votes import Votes

    with open_chats(folder, chats_file) as store:
        votes = Votes(store)
        if accept or reject:
            marked = _mark(votes, {"accepted": _named(votes, accept or []), "rejected": _named(votes, reject or [])})
        else:
            marked = _ask(votes)
        num_left = votes.counts()["new"]
    say(f"{marked['accepted']:,} accepted, {marked['rejected']:,} rejected; {num_left:,} not reviewed")
    say_next("samovar", "votes", "export", folder)


def _ask(votes: Votes) -> Counter[Review]:
    """Ask about each new vote, until there is none or the person has enough."""
    marked: Counter[Review] = Counter()
    num_new = votes.counts()["new"]
    for number, vote in enumerate(votes.each("new"), 1):
        print(f"\n{number} of {num_new}  {_shown(vote)}\n")
        key = _key()
        if key == "q":
            break
        if key in _KEYS:
            votes.judge(vote.id, _KEYS[key])
            marked[_KEYS[key]] += 1
    return marked


def _key() -> str:
    while True:
        try:
            key = input("accept, reject, skip or quit? [a/r/s/q] ").strip().casefold()[:1]
        except EOFError:
            return "q"
        if key in {"a", "r", "s", "q"}:
            return key


def _shown(vote: Vote) -> str:
    """The vote with all that was said, each turn behind who said it."""
    turns = [(one["role"], _text(one)) for one in vote.row["messages"] if one["role"] != "system"]
    if len(vote.answers) == 2:
        turns += zip(("left", "right"), vote.answers, strict=True)
    lines = [f"{short_id(vote)}  {day(vote)}  {in_words(vote)}"]
    for who, text in turns:
        first, *others = text.splitlines() or [""]
        lines += [f"  {who:<11}{one_line(first)}", *(f"{'':13}{one_line(line)}" for line in others)]
    return "\n".join(lines)


def _text(message: dict[str, Any]) -> str:
    """What was said, or which tools were called."""
    calls = [one["function"] for one in message.get("tool_calls", [])]
    return "\n".join(filter(None, [message["content"], *(f"{one['name']} {one['arguments']}" for one in calls)]))


def _named(votes: Votes, names: Iterable[str]) -> list[str]:
    """The ids that beginnings of ids stand for.

    Raises:
        MissingError: there is no such vote.
        ConfigError: several begin so.
    """
    from samovar.core.errors import ConfigError, MissingError

    found: list[str] = []
    every = votes.ids()
    for name in names:
        if name == "all":
            found += votes.ids("new")
            continue
        matching = [one for one in every if one.removeprefix("vote_").startswith(name.removeprefix("vote_"))]
        if not matching:
            raise MissingError(f"there is no vote {name!r}", hint="`samovar votes list DIR` names them")
        if len(matching) > 1:
            raise ConfigError(f"{len(matching)} votes begin with {name!r}", hint="write more of the id")
        found += matching
    return found


def _mark(votes: Votes, ids: Mapping[Review, Collection[str]]) -> Counter[Review]:
    """Accept and reject these.

    Raises:
        ConfigError: one is to be both.
    """
    from samovar.core.errors import ConfigError

    if both := set(ids["accepted"]) & set(ids["rejected"]):
        raise ConfigError(f"the vote {min(both)} is both accepted and rejected", hint="name it once")
    for review, some in ids.items():
        for vote_id in some:
            votes.judge(vote_id, review)
    return Counter({review: len(some) for review, some in ids.items()})
