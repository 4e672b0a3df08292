"""`samovar serve`: the OpenAI-shaped API and the chat page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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


def run(folder: Folder, host: Host = None, port: Port = None, api_key: ApiKey = None) -> None:
    """Serve the assistant: the OpenAI API under /v1 and a chat page at /, until Ctrl-C.

    Only this machine can reach it unless --host names another address, which demands an API key.
    """
    from samovar.brew.assistant import find_assistant
    from samovar.serve.server import run_server

    assistant = find_assistant(folder)
    run_server(
        assistant.model,
        host=host,
        port=port,
        api_key=api_key,
        model_id="-".join(assistant.recipe.name.lower().split()),
        settings=assistant.recipe.serve,
    )
