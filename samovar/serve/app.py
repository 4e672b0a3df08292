"""The application: routes, and what they share."""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib import resources
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from samovar.agent.tool import Tool
from samovar.serve.chat_completions import ChatCompletions
from samovar.serve.errors import HANDLERS
from samovar.serve.guard import Guard
from samovar.serve.settings import ServeSettings
from samovar.tokenizer.tokenizer import Tokenizer

if TYPE_CHECKING:  # torch is not needed to serve
    from samovar.engine.runner import EngineRunner

_PAGE_FILES = {
    "index.html": "text/html",
    "style.css": "text/css",
    "app.js": "text/javascript",
    "api.js": "text/javascript",
    "markup.js": "text/javascript",
    "message.js": "text/javascript",
    "words.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


def create_app(
    runner: EngineRunner,
    tokenizer: Tokenizer,
    *,
    model_id: str,
    tools: Sequence[Tool] = (),
    settings: ServeSettings | None = None,
    api_key: str | None = None,
    is_loopback: bool = True,
) -> Starlette:
    """The API and the page over a running engine.

    Args:
        runner: makes the tokens; it is started and closed by the caller.
        tokenizer: the model's.
        model_id: the name that requests ask for.
        tools: run by the server when the model calls them.
        settings: habits and limits.
        api_key: asked for under /v1; None asks for none.
        is_loopback: the server listens on a loopback address: other hosts' names are refused.
    """
    settings = settings or ServeSettings()
    completions = ChatCompletions(runner, tokenizer, model_id, list(tools), settings)
    started_s = int(time.time())
    model = {"id": model_id, "object": "model", "created": started_s, "owned_by": "samovar"}

    async def list_models(request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [model]})

    async def show_model(request: Request) -> Response:
        completions.check_model(request.path_params["name"])
        return JSONResponse(model)

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok", "model": model_id})

    routes = [
        Route("/v1/models", list_models),
        Route("/v1/models/{name:path}", show_model),
        Route("/v1/chat/completions", completions.respond, methods=["POST"]),
        Route("/health", health),
        *_page_routes(),
    ]
    guard = Middleware(Guard, api_key=api_key, is_loopback=is_loopback)
    return Starlette(routes=routes, middleware=[guard], exception_handlers=HANDLERS)


def _page_routes() -> list[Route]:
    folder = resources.files("samovar.serve") / "page"
    routes = []
    for name, media_type in _PAGE_FILES.items():
        path = "/" if name == "index.html" else f"/{name}"
        routes.append(Route(path, _static_file((folder / name).read_bytes(), media_type)))
    return routes


def _static_file(content: bytes, media_type: str):  # type: ignore[no-untyped-def]
    async def respond(request: Request) -> Response:
        return Response(content, media_type=media_type, headers={"Cache-Control": "no-cache"})

    return respond
