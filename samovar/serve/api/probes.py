"""/health and /ready: for whatever watches the process."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from samovar.serve.api.endpoint import Endpoint
from samovar.serve.lifetime import Lifetime
from samovar.serve.shapes.probes import Health, Readiness


@dataclass(slots=True)
class Probes:
    """Tells whether the server lives, and whether it takes requests."""

    model_id: str
    lifetime: Lifetime

    async def health(self, request: Request) -> Response:
        """The process lives."""
        told: Health = {"status": "ok", "model": self.model_id}
        return JSONResponse(told)

    async def ready(self, request: Request) -> Response:
        """Whether requests are taken; 503 once the server is told to stop."""
        is_stopping = self.lifetime.is_draining
        told: Readiness = {"status": "stopping" if is_stopping else "ready"}
        return JSONResponse(told, 503 if is_stopping else 200)

    def endpoints(self) -> list[Endpoint]:
        """Both."""
        return [
            Endpoint("/health", self.health, Health),
            Endpoint("/ready", self.ready, Readiness, failure=Readiness),
        ]
