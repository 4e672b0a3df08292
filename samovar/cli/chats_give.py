"""`samovar chats give`: one key's chats become another's."""

from __future__ import annotations

from typing import Annotated

import typer

from samovar.cli.chats import ChatsFile, Owner, find_owner, open_chats, told
from samovar.cli.keys import Folder, KeysFile, open_book
from samovar.cli.terminal import say

EXAMPLE = "samovar chats give quickstart 3f2a9c01 support-desk"

To = Annotated[str, typer.Argument(metavar="TO", help="Id or name of a valid key.", show_default=False)]


def run(folder: Folder, which: Owner, to: To, chats_file: ChatsFile = None, keys_file: KeysFile = None) -> None:
    """Give all chats and responses of a key, revoked or not, to another: its owner then sees them, and no one else."""
    from samovar.core.errors import MissingError
    from samovar.serve.owners import all_belongings, give

    keys = [key for key, _ in open_book(folder, keys_file).listed()]
    new = next((key for key in keys if to in {key.id, key.name} and key.is_valid), None)
    if new is None:
        raise MissingError(f"there is no valid key {to!r}", hint="`samovar keys list DIR` names them")
    with open_chats(folder, chats_file) as store:
        owner = find_owner(which, keys, {one.owner for one in all_belongings(store)} - {new.id})
        given = give(store, owner, new.id)
    say(f"{told(given.num_chats, given.num_responses)} of {which} now belong to the key {new.id} of {new.name}")
