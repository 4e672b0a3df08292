"""`samovar serve`: the OpenAI-shaped API and the chat page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

EXAMPLE = "samovar serve quickstart --port 8000"

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A project, or a model's folder.", show_default=False)]
Host = Annotated[
    str | None, typer.Option("--host", help="Address to listen on; by default the recipe's.", show_default=False)
]
Port = Annotated[
    int | None,
    typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one; by default the recipe's.",
                 show_default=False),
]  # fmt: skip
ApiKey = Annotated[
    str | None,
    typer.Option("--api-key", envvar="SAMOVAR_API_KEY", help="Key that clients must send.", show_default=False),
]


KeysFile = Annotated[
    Path | None,
    typer.Option("--keys", metavar="FILE", help="File of `samovar keys`; by default in DIR.", show_default=False),
]
ChatsFile = Annotated[
    Path | None,
    typer.Option("--chats", metavar="FILE", help="File of the chats that are kept; by default in DIR.",
                 show_default=False),
]  # fmt: skip
Certificate = Annotated[
    Path | None,
    typer.Option("--tls-certificate", metavar="PEM", help="Speak HTTPS with this certificate.", show_default=False),
]
TlsKey = Annotated[
    Path | None,
    typer.Option("--tls-key", metavar="PEM", help="Its key, where that is another file.", show_default=False),
]
Log = Annotated[
    str | None,
    typer.Option(
        "--log",
        metavar="KIND",
        help="What stderr gets: errors, requests (a line of JSON each), or messages (and what was said).",
        show_default=False,
    ),
]
Adapter = Annotated[
    list[str] | None,
    typer.Option(
        "--adapter",
        metavar="NAME=DIR",
        help="Serve this adapter beside the model, to requests that name it as their model; may be repeated.",
        show_default=False,
    ),
]
Backend = Annotated[
    str | None, typer.Option("--backend", metavar="NAME", help="own, or vllm on large GPUs.", show_default=False)
]

Draft = Annotated[
    str | None,
    typer.Option(
        "--draft",
        metavar="WHO",
        help="Who guesses tokens ahead: prompt (looks them up in the text), or a smaller model's folder.",
        show_default=False,
    ),
]


def run(
    folder: Folder,
    host: Host = None,
    port: Port = None,
    api_key: ApiKey = None,
    keys_file: KeysFile = None,
    chats_file: ChatsFile = None,
    certificate: Certificate = None,
    tls_key: TlsKey = None,
    log: Log = None,
    adapters: Adapter = None,
    backend: Backend = None,
    draft: Draft = None,
) -> None:
    """Serve the assistant: the OpenAI API under /v1 and a chat page at /, until Ctrl-C.

    Only this machine can reach it unless --host names another address, which demands a key: --api-key, or those of
    `samovar keys`. As soon as there is a key, every request but for the page and the probes needs one.
    """
    from samovar.cli.assistant_choice import assistant_of
    from samovar.core.settings import parse_settings
    from samovar.serve.server import chats_file_in, keys_file_in, run_server
    from samovar.serve.settings import ServeSettings

    assistant = assistant_of(folder)
    given: dict[str, Any] = {
        "tls_certificate": certificate,
        "tls_key": tls_key,
        "log": log,
        "backend": backend,
        "draft": draft,
        "adapters": _named(adapters) or None,
    }
    settings = parse_settings(
        ServeSettings,
        assistant.recipe.serve.model_dump() | {name: value for name, value in given.items() if value is not None},
        source="samovar serve",
    )
    run_server(
        assistant.model,
        host=host,
        port=port,
        api_key=api_key,
        keys_file=keys_file or keys_file_in(folder),
        chats_file=chats_file or chats_file_in(folder),
        model_id="-".join(assistant.recipe.name.lower().split()),
        settings=settings,
    )


def _named(adapters: list[str] | None) -> dict[str, Path]:
    """Folders by name, out of NAME=DIR.

    Raises:
        ConfigError: one is written otherwise, or has the name of another.
    """
    from samovar.core.errors import ConfigError

    found: dict[str, Path] = {}
    for said in adapters or []:
        name, is_split, folder = said.partition("=")
        if not (name and is_split and folder):
            raise ConfigError(
                f"--adapter {said!r} names no folder", hint="write it as --adapter formal=adapters/formal"
            )
        if name in found:
            raise ConfigError(f"two adapters are called {name!r}", hint="give each a name of its own")
        found[name] = Path(folder)
    return found
