"""`samovar keys revoke`: a key that opens nothing any more."""

from __future__ import annotations

from typing import Annotated

import typer

from samovar.cli.keys import Folder, KeysFile, open_book
from samovar.cli.terminal import say
from samovar.core.command_line import as_typed

EXAMPLE = "samovar keys revoke quickstart support-desk"

Which = Annotated[str, typer.Argument(metavar="KEY", help="Its id or name.", show_default=False)]


def run(folder: Folder, which: Which, keys_file: KeysFile = None) -> None:
    """Revoke a key for good; a running server refuses it from its next request on."""
    key = open_book(folder, keys_file).revoke(which)
    say(f"key {key.id} of {key.name} is revoked; what was kept for it stays in the file of chats, seen by nobody")
    say(f"to give it to another key, or to delete it: {as_typed('samovar', 'chats', 'list', folder)}")
