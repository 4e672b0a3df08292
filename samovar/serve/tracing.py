"""A span a request, by OpenTelemetry's words for models that generate text. Needs the extra ``otel``."""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from samovar.core.extras import require
from samovar.serve.context import current_call

_EXTRA = "otel"


class Tracing:
    """Wraps each request under /v1 into a span, as a child of the caller's where it sends ``traceparent``."""

    def __init__(self, app: ASGIApp, *, endpoint: str, exporter: Any = None) -> None:
        """Trace ``app``.

        Args:
            app: what is traced.
            endpoint: where spans are sent, by OTLP over HTTP.
            exporter: takes the spans instead.
        Raises:
            MissingError: OpenTelemetry is not installed.
        """
        self._app = app
        self._propagation = require("opentelemetry.trace.propagation.tracecontext", extra=_EXTRA)
        self._trace = require("opentelemetry.trace", extra=_EXTRA)
        self._tracer = _provider(endpoint, exporter).get_tracer("samovar")
        self._traceparent = self._propagation.TraceContextTextMapPropagator()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, within a span."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        call = current_call()
        parent = self._traceparent.extract(dict(call.headers))
        name, kind = f"{call.method} {call.route}", self._trace.SpanKind.SERVER
        with self._tracer.start_as_current_span(name, context=parent, kind=kind) as span:

            async def send_noting(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        span.set_status(self._trace.StatusCode.ERROR, call.error_code)
                await send(message)

            try:
                await self._app(scope, receive, send_noting)
            finally:
                span.set_attributes(_attributes())


def _attributes() -> dict[str, Any]:
    call = current_call()
    told = {
        "http.request.method": call.method,
        "http.route": call.route,
        "url.path": call.path[:256],
        "samovar.request.id": call.id,
        "samovar.key": None if call.key is None else call.key.name,
        "gen_ai.usage.input_tokens": call.prompt_tokens,
        "gen_ai.usage.output_tokens": call.completion_tokens,
        "gen_ai.server.time_to_first_token": call.first_token_s,
        "error.type": call.error_code,
    }
    return {name: value for name, value in told.items() if value is not None}


def _provider(endpoint: str, exporter: Any) -> Any:
    sdk = require("opentelemetry.sdk.trace", extra=_EXTRA)
    export = require("opentelemetry.sdk.trace.export", extra=_EXTRA)
    resources = require("opentelemetry.sdk.resources", extra=_EXTRA)
    provider = sdk.TracerProvider(resource=resources.Resource.create({"service.name": "samovar"}))
    if exporter is not None:
        provider.add_span_processor(export.SimpleSpanProcessor(exporter))
        return provider
    otlp = require("opentelemetry.exporter.otlp.proto.http.trace_exporter", extra=_EXTRA)
    provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter(endpoint=endpoint)))
    return provider
