"""`samovar keys create`: a key for one person or program."""

from __future__ import annotations

from typing import Annotated

import typer

from samovar.cli.keys import Folder, KeysFile, describe, expiry, open_book
from samovar.cli.terminal import AsJson, print_json, say

EXAMPLE = "samovar keys create quickstart --name support-desk --requests-per-minute 60 --tokens-per-day 200000"

Name = Annotated[str, typer.Option("--name", help="Who will use it.", show_default=False)]
Scopes = Annotated[
    list[str] | None,
    typer.Option(
        "--scope",
        metavar="RIGHT",
        help="generate, embed, read or metrics; may be repeated; by default the first three.",
        show_default=False,
    ),
]
Requests = Annotated[
    int | None, typer.Option("--requests-per-minute", min=1, help="Requests a minute.", show_default=False)
]
Tokens = Annotated[
    int | None,
    typer.Option("--tokens-per-minute", min=1, help="Tokens a minute, of prompts and answers.", show_default=False),
]
TokensADay = Annotated[
    int | None, typer.Option("--tokens-per-day", min=1, help="Tokens a day, UTC.", show_default=False)
]
Expires = Annotated[
    str | None, typer.Option("--expires", metavar="TIME", help="Valid for 12h, 90d, 4w.", show_default=False)
]


def run(
    folder: Folder,
    name: Name,
    scopes: Scopes = None,
    requests_per_minute: Requests = None,
    tokens_per_minute: Tokens = None,
    tokens_per_day: TokensADay = None,
    expires: Expires = None,
    keys_file: KeysFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, once: only its hash is kept."""
    from samovar.serve.keys import DEFAULT_SCOPES, Limits, Use

    book = open_book(folder, keys_file)
    secret, key = book.create(
        name,
        scopes=scopes or DEFAULT_SCOPES,
        limits=Limits(requests_per_minute, tokens_per_minute, tokens_per_day),
        expires_s=expiry(expires),
    )
    if as_json:
        print_json(describe(key, Use()) | {"key": secret})
        return
    say(f"key {key.id} for {name}; it is shown this once:")
    print(secret)
