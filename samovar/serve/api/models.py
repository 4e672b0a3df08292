"""GET /v1/models: what is served."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from samovar.serve.service import Service
from samovar.serve.shapes.models import Model, ModelList


@dataclass(slots=True)
class Models:
    """Tells the names that requests may ask for."""

    service: Service

    async def list_all(self, request: Request) -> Response:
        """All models."""
        reply: ModelList = {"object": "list", "data": [self._model(name) for name in self.service.names]}
        return JSONResponse(reply)

    async def show(self, request: Request) -> Response:
        """One model."""
        name = request.path_params["name"]
        self.service.check_model(name)
        return JSONResponse(self._model(name))

    def _model(self, name: str) -> Model:
        model: Model = {
            "id": name,
            "object": "model",
            "created": self.service.started_s,
            "owned_by": "samovar",
            "max_model_len": self.service.runner.engine.max_context,
        }
        if name != self.service.model_id:
            model["parent"] = self.service.model_id
        return model
