"""`samovar chats`: whose the chats are that a server keeps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samovar.cli.keys import Folder, KeysFile, open_book, state
from samovar.cli.terminal import AsJson, counted, print_json, print_table, say

if TYPE_CHECKING:
    from samovar.serve.keys import Key
    from samovar.serve.store import Store

EXAMPLE = "samovar chats list quickstart"
ABOUT = """Chats that the server keeps: whose they are, given to another key, deleted.

A chat is seen with the key that made it alone. Nothing of what was said is shown here; changes hold at once."""
COMMANDS = ("list", "give", "delete")
"""The first may be left out; the others are files in this folder, ``chats_<name>.py``."""
NOBODY = "nobody"
"""Stands for all who came without a key, or with that of --api-key."""

ChatsFile = Annotated[
    Path | None,
    typer.Option("--chats", metavar="FILE", help="File of the chats; by default in DIR.", show_default=False),
]
Owner = Annotated[str, typer.Argument(metavar="KEY", help=f"A key's id or name, or {NOBODY}.", show_default=False)]


def run(folder: Folder, chats_file: ChatsFile = None, keys_file: KeysFile = None, as_json: AsJson = False) -> None:
    """List how many chats and responses are kept for which key, and whether it still opens them."""
    from samovar.serve.owners import all_belongings

    keys = {key.id: key for key, _ in open_book(folder, keys_file).listed()}
    with open_chats(folder, chats_file) as store:
        found = all_belongings(store)
    rows = [(one, *_name_and_state(keys, one.owner)) for one in found]
    if as_json:
        print_json([one._asdict() | {"name": name, "state": standing} for one, name, standing in rows])
        return
    if not rows:
        say("nothing is kept")
        return
    print_table(
        ("id", "name", "state", "chats", "responses", "used last"),
        [
            (one.owner, name, standing, f"{one.num_chats:,}", f"{one.num_responses:,}", _day(one.used_s))
            for one, name, standing in rows
        ],
    )


@contextmanager
def open_chats(folder: Path, chats_file: Path | None) -> Iterator[Store]:
    """The chats of the server of ``folder``, which may run meanwhile.

    Raises:
        MissingError: there are none.
    """
    from samovar.core.errors import MissingError
    from samovar.serve.server import chats_file_in
    from samovar.serve.store import Store

    path = chats_file or chats_file_in(folder)
    if not path.is_file():
        raise MissingError(f"no chats are kept in {path}", hint="name their file with --chats, as for `samovar serve`")
    with closing(Store(path)) as store:
        yield store


def find_owner(which: str, keys: list[Key], kept_for: set[str]) -> str:
    """The owner that a key's id or name, or NOBODY, stands for.

    Args:
        which: what was typed.
        keys: all keys, revoked ones too: of several of one name that one is meant for which anything is kept.
        kept_for: owners for whom anything is kept.
    Raises:
        MissingError: there is no such key.
        ConfigError: several keys of this name have something.
    """
    from samovar.core.errors import ConfigError, MissingError

    if which in {key.id for key in keys} | kept_for:
        return which
    named = [key.id for key in keys if key.name == which]
    if not named and which == NOBODY:
        return ""
    if not named:
        raise MissingError(f"there is no key {which!r}", hint="`samovar keys list DIR` names them")
    having = [one for one in named if one in kept_for] or named[:1]
    if len(having) > 1:
        raise ConfigError(
            f"several keys are called {which!r}, and something is kept for each: {', '.join(having)}",
            hint="name the one by its id",
        )
    return having[0]


def told(num_chats: int, num_responses: int) -> str:
    """How much it is, in words."""
    return f"{counted(num_chats, 'chat')} and {counted(num_responses, 'response')}"


def _name_and_state(keys: dict[str, Key], owner: str) -> tuple[str, str]:
    """What a key is called, and whether it opens anything."""
    if owner in keys:
        return keys[owner].name, state(keys[owner])
    return ("", "not on file") if owner else (NOBODY, "no key")


def _day(at_s: float) -> str:
    return f"{datetime.fromtimestamp(at_s):%Y-%m-%d}"
