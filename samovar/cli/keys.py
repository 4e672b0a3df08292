"""`samovar keys`: who may use the server, and how much."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samovar.cli.terminal import AsJson, print_json, print_table, say, say_next

if TYPE_CHECKING:
    from samovar.serve.keys import Key, KeyBook, Use

EXAMPLE = "samovar keys list quickstart"
ABOUT = """Keys of the API: create, list, revoke.

The server keeps hashes of keys, and asks for a key as soon as there is one; changes hold at once, while it runs."""
COMMANDS = ("list", "create", "revoke")
"""The first may be left out; the others are files in this folder, ``keys_<name>.py``."""

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A project, or a model's folder.", show_default=False)]
KeysFile = Annotated[
    Path | None,
    typer.Option("--keys", metavar="FILE", help="File of the keys; by default in DIR.", show_default=False),
]
_UNITS_S = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def run(folder: Folder, keys_file: KeysFile = None, as_json: AsJson = False) -> None:
    """List the keys with their rights, limits and use; the keys themselves are not kept."""
    found = open_book(folder, keys_file).listed()
    if as_json:
        print_json([describe(key, use) for key, use in found])
        return
    if not found:
        say(f"{folder} has no keys: whoever reaches the server may use it")
        say_next("samovar", "keys", "create", folder, "--name", "NAME")
        return
    print_table(
        ("id", "name", "state", "may", "limits", "requests", "tokens"),
        [
            (key.id, key.name, state(key), ", ".join(key.scopes), _limits(key), f"{use.requests:,}", f"{use.tokens:,}")
            for key, use in found
        ],
    )


def open_book(folder: Path, keys_file: Path | None) -> KeyBook:
    """The keys of the server of ``folder``.

    Raises:
        MissingError: there is no such folder.
    """
    from samovar.core.errors import MissingError
    from samovar.serve.keys import KeyBook
    from samovar.serve.server import keys_file_in

    if keys_file is None and not folder.is_dir():
        raise MissingError(f"{folder} is no folder", hint="name a project or a model's folder, as for `samovar serve`")
    return KeyBook(keys_file or keys_file_in(folder))


def describe(key: Key, use: Use) -> dict[str, Any]:
    """A key for a machine."""
    return {
        "id": key.id,
        "name": key.name,
        "state": state(key),
        "scopes": list(key.scopes),
        **vars(key.limits),
        "created_s": key.created_s,
        "expires_s": key.expires_s,
        "requests": use.requests,
        "prompt_tokens": use.prompt_tokens,
        "completion_tokens": use.completion_tokens,
    }


def state(key: Key) -> str:
    """Whether the key opens anything, in a word."""
    if key.revoked_s is not None:
        return "revoked"
    return "valid" if key.is_valid else "expired"


def seconds_of(duration: str) -> int:
    """The length of ``30m``, ``12h``, ``90d`` or ``4w``.

    Raises:
        ConfigError: it is none of these.
    """
    from samovar.core.errors import ConfigError

    found = re.fullmatch(r"([1-9]\d{0,5})([mhdw])", duration)
    if found is None:
        raise ConfigError(f"{duration!r} is no duration", hint="write 30m, 12h, 90d or 4w")
    return int(found[1]) * _UNITS_S[found[2]]


def expiry(duration: str | None) -> int | None:
    """When a key that is made now for ``duration`` expires, in seconds since 1970."""
    return None if duration is None else int(time.time()) + seconds_of(duration)


def _limits(key: Key) -> str:
    limits = key.limits
    told = [
        f"{value:,} {what}"
        for value, what in (
            (limits.requests_per_minute, "requests/min"),
            (limits.tokens_per_minute, "tokens/min"),
            (limits.tokens_per_day, "tokens/day"),
        )
        if value is not None
    ]
    return ", ".join(told) or "none"
