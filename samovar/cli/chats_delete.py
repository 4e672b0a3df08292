"""`samovar chats delete`: what is kept for a key is forgotten."""

from __future__ import annotations

from typing import Annotated

import typer

from samovar.cli.chats import ChatsFile, Owner, find_owner, open_chats, told
from samovar.cli.keys import Folder, KeysFile, open_book
from samovar.cli.terminal import say

EXAMPLE = "samovar chats delete quickstart 3f2a9c01 --dry-run"

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be deleted, and delete nothing.")]


def run(
    folder: Folder,
    which: Owner,
    dry_run: DryRun = False,
    chats_file: ChatsFile = None,
    keys_file: KeysFile = None,
) -> None:
    """Delete all chats and responses that are kept for a key, revoked or not, for good."""
    from samovar.serve.owners import all_belongings, belongings, delete

    keys = [key for key, _ in open_book(folder, keys_file).listed()]
    with open_chats(folder, chats_file) as store:
        owner = find_owner(which, keys, {one.owner for one in all_belongings(store)})
        gone = belongings(store, owner) if dry_run else delete(store, owner)
    say(f"{told(gone.num_chats, gone.num_responses)} of {which} {'would be' if dry_run else 'are'} deleted")
