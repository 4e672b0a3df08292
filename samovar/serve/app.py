"""The application: routes, and what they share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from importlib import resources
from pathlib import PurePath
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from samovar.agent.tool import Tool
from samovar.serve.access import Access
from samovar.serve.api.endpoint import Endpoint
from samovar.serve.api.endpoints import endpoints, stream_endpoints
from samovar.serve.api.openapi import document_of
from samovar.serve.api.probes import Probes
from samovar.serve.errors import HANDLERS
from samovar.serve.gate import Gate
from samovar.serve.guard import Guard
from samovar.serve.keys import KeyBook
from samovar.serve.lifetime import Lifetime
from samovar.serve.metering import MeteredRunner
from samovar.serve.metrics import MEDIA_TYPES as METRICS_TYPES
from samovar.serve.metrics import EngineGauges, Metrics
from samovar.serve.observe import Observe
from samovar.serve.patience import Patience
from samovar.serve.service import Service
from samovar.serve.settings import ServeSettings
from samovar.serve.store import Store
from samovar.serve.streams import PATH as STREAMS_PATH
from samovar.serve.streams import Streams
from samovar.serve.tracing import Tracing
from samovar.serve.unread import Unread
from samovar.tokenizer.tokenizer import Tokenizer

if TYPE_CHECKING:  # torch is not needed to serve
    from samovar.engine.runner import EngineRunner

_MEDIA_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
"""Of the page's files, by the ends of their names."""


def create_app(
    runner: EngineRunner,
    tokenizer: Tokenizer,
    *,
    model_id: str,
    tools: Sequence[Tool] = (),
    settings: ServeSettings | None = None,
    api_key: str | None = None,
    keys: KeyBook | None = None,
    is_loopback: bool = True,
    lifetime: Lifetime | None = None,
    store: Store | None = None,
    artifact: str | None = None,
) -> Starlette:
    """The API and the page over a running engine.

    Args:
        runner: makes the tokens; it is started and closed by the caller.
        tokenizer: the model's.
        model_id: the name that requests ask for.
        tools: run by the server when the model calls them.
        settings: habits and limits.
        api_key: a key with every right; None: there is none.
        keys: the keys on file. As soon as there is any key, every route but the page and the probes asks for one.
        is_loopback: the server listens on a loopback address: other hosts' names are refused.
        lifetime: told when the server is to stop.
        store: keeps chats and responses; None: nothing is kept.
        artifact: name of the artifact that the model is; None: it is none of ours.
    """
    settings, lifetime = settings or ServeSettings(), lifetime or Lifetime()
    metrics = Metrics()
    engine = getattr(runner, "engine", None)
    metrics.registry.register(EngineGauges(engine))
    metered = MeteredRunner(runner, metrics, max_prompt_tokens=settings.max_prompt_tokens)
    adapters = tuple(getattr(engine, "adapters", ()))
    service = Service(metered, tokenizer, model_id, list(tools), settings, adapters, store, artifact)
    every = [*endpoints(service), Endpoint("/metrics", metrics.respond, str, media_types=METRICS_TYPES)]
    probes = Probes(model_id, lifetime).endpoints()
    streams = stream_endpoints() if settings.resume_s > 0 else []
    routes = [one.route() for one in [*every, document_of([*every, *streams, *probes])]]
    anybodys = [*(one.route() for one in probes), *_page_routes()]
    middleware = _middleware(
        settings,
        lifetime,
        metrics,
        Middleware(Guard, is_loopback=is_loopback),
        Middleware(
            Access,
            book=keys,
            api_key=api_key,
            open_paths=[route.path for route in anybodys],
            longest_s=settings.request_timeout_s,
        ),
        [route.path for route in routes],
    )
    return Starlette(routes=[*routes, *anybodys], middleware=middleware, exception_handlers=HANDLERS)


def _middleware(
    settings: ServeSettings,
    lifetime: Lifetime,
    metrics: Metrics,
    guard: Middleware,
    access: Middleware,
    paths: Sequence[str],
) -> list[Middleware]:
    """What a request passes, in this order, before it is at its route."""
    cors = Middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["GET", "POST", "PATCH", "DELETE"],
        # The official clients send a dozen of their own beside the key, and others with the next version.
        allow_headers=["*"],
        expose_headers=["Retry-After", "Samovar-Stream", "X-Request-Id"],
    )
    return [
        Middleware(Unread),
        Middleware(Observe, metrics=metrics, log=settings.log, routes=[*paths, f"{STREAMS_PATH}{{id}}"]),
        *([Middleware(Tracing, endpoint=settings.otlp_endpoint)] if settings.otlp_endpoint else []),
        guard,
        *([cors] if settings.cors_origins else []),
        access,
        Middleware(Streams, resume_s=settings.resume_s, max_bytes=settings.resume_bytes),
        Middleware(Gate, max_requests=settings.max_requests, lifetime=lifetime),
        Middleware(Patience, settings=settings, lifetime=lifetime),
    ]


def _page_routes() -> Iterator[Route]:
    for file in (resources.files("samovar.serve") / "page").iterdir():
        if (media_type := _MEDIA_TYPES.get(PurePath(file.name).suffix)) is not None:
            path = "/" if file.name == "index.html" else f"/{file.name}"
            yield Route(path, partial(_send_file, file.read_bytes(), media_type))


async def _send_file(content: bytes, media_type: str, request: Request) -> Response:
    return Response(content, media_type=media_type, headers={"Cache-Control": "no-cache"})
