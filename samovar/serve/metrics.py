"""What the server did and does, in Prometheus' form, at /metrics.

The library is Prometheus' own: escaping, buckets and both forms of text are its business, and it is one small wheel of
plain Python. Nothing is global: each application has its registry.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

if TYPE_CHECKING:
    from prometheus_client import Metric

MEDIA_TYPES = ("text/plain", "application/openmetrics-text")
"""What it can be told as; who asks for neither gets the first."""
_FIRST_TOKEN_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_BETWEEN_TOKENS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_REQUEST_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


class Metrics:
    """The counters of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "samovar_requests", "Requests by route and status", ["route", "status"], registry=self.registry
        )
        self.request_seconds = Histogram(
            "samovar_request_seconds",
            "From a request's arrival to the end of its answer",
            ["route"],
            buckets=_REQUEST_S,
            registry=self.registry,
        )
        self.open_requests = Gauge("samovar_requests_open", "Requests that are being answered", registry=self.registry)
        self.first_token_seconds = Histogram(
            "samovar_time_to_first_token_seconds",
            "From the moment a prompt is handed to the engine to its first token, waiting included",
            buckets=_FIRST_TOKEN_S,
            registry=self.registry,
        )
        self.between_tokens_seconds = Histogram(
            "samovar_inter_token_seconds",
            "Between one token of an answer and the next",
            buckets=_BETWEEN_TOKENS_S,
            registry=self.registry,
        )
        self.prompt_tokens = Counter("samovar_prompt_tokens", "Tokens of prompts", registry=self.registry)
        self.completion_tokens = Counter("samovar_completion_tokens", "Tokens made", registry=self.registry)
        self.tasks = Gauge("samovar_tasks", "Tasks of the server's event loop", registry=self.registry)
        self.cancelled = Counter(
            "samovar_generations_cancelled", "Answers whose reader left before their end", registry=self.registry
        )

    async def respond(self, request: Request) -> Response:
        """What the server did and does, as Prometheus reads it."""
        self.tasks.set(len(asyncio.all_tasks()))
        encoder, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encoder(self.registry), headers={"Content-Type": content_type})


class EngineGauges(Collector):
    """What the engine says of itself at the moment it is asked; a value that it does not have is left out."""

    _GAUGES = (
        ("num_running", "samovar_engine_running", "Sequences that are being read or written"),
        ("num_waiting", "samovar_engine_waiting", "Sequences that wait for a place"),
        ("cache_use", "samovar_cache_used_ratio", "Share of the key-value cache that is in use"),
        ("num_preempted", "samovar_engine_preempted", "Sequences that were set back for want of cache, so far"),
    )

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def collect(self) -> Iterable[Metric]:
        """The gauges."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for name, metric, about in self._GAUGES:
            value = getattr(self._engine, name, None)
            if value is not None:
                yield GaugeMetricFamily(metric, about, value=float(value))
        guesses = getattr(self._engine, "draft_counts", None)
        if guesses is not None:
            told = "Tokens that were guessed ahead"
            yield CounterMetricFamily("samovar_draft_tokens", told, value=guesses.num_drafted)
            yield CounterMetricFamily("samovar_draft_accepted_tokens", f"{told} and stood", value=guesses.num_accepted)
