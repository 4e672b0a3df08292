"""The OpenAPI document, made of the shapes that the handlers read and write."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

import samovar
from samovar.serve.api.endpoint import Endpoint

_REF = "#/components/schemas/{model}"
_NOTHING = {"204": {"description": "It is done."}}


def document_of(endpoints: Iterable[Endpoint]) -> Endpoint:
    """GET /openapi.json, which tells of ``endpoints`` and of itself."""

    async def show(request: Request) -> Response:
        """What every endpoint takes and gives: this document."""
        return told

    shown = Endpoint("/openapi.json", show, dict[str, Any])
    told = JSONResponse(describe([*endpoints, shown]))
    return shown


def describe(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """The document of all ``endpoints``."""
    several = list(endpoints)
    shapes = [(one, mode) for end in several for one, mode in _shapes(end)]
    adapters = {(id(one), mode): TypeAdapter(one) for one, mode in shapes}
    inputs = [((id(one), mode), mode, adapters[id(one), mode]) for one, mode in shapes]
    refs, definitions = TypeAdapter.json_schemas(inputs, ref_template=_REF)
    paths: dict[str, Any] = {}
    for end in several:
        path = re.sub(r"\{(\w+):path\}", r"{\1}", end.path)
        schema_of = {name: refs[(id(one), mode), mode] for name, one, mode in _named(end)}
        paths.setdefault(path, {})[end.method.lower()] = _operation(end, path, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Samovar",
            "version": samovar.__version__,
            "description": "One's own assistant, in the forms of OpenAI's and Anthropic's APIs.",
        },
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"key": []}],
    }


def _named(end: Endpoint) -> list[tuple[str, Any, Any]]:
    several = [("body", end.body, "validation"), ("reply", end.reply, "serialization")]
    several += [("event", end.event, "serialization"), ("error", end.error, "serialization")]
    several += [("failure", end.failure or end.error, "serialization")]
    return [(name, one, mode) for name, one, mode in several if one is not None]


def _shapes(end: Endpoint) -> list[tuple[Any, Any]]:
    return [(one, mode) for _, one, mode in _named(end)]


def _operation(end: Endpoint, path: str, schema_of: dict[str, Any]) -> dict[str, Any]:
    content = {media_type: {"schema": schema_of["reply"]} for media_type in end.media_types if "reply" in schema_of}
    if "event" in schema_of:
        # Each event's data is of this shape; OpenAPI has no word for a stream of them.
        content["text/event-stream"] = {"schema": {"type": "string", "x-event": schema_of["event"]}}
    told: dict[str, Any] = {
        "summary": (end.respond.__doc__ or "").strip().splitlines()[0],
        "operationId": f"{end.method.lower()}_" + re.sub(r"\W+", "_", path).strip("_"),
        "responses": {
            **({"200": {"description": "The answer.", "content": content}} if content else _NOTHING),
            "4XX": {"description": "A refusal.", "content": {"application/json": {"schema": schema_of["error"]}}},
            "5XX": {"description": "A failure.", "content": {"application/json": {"schema": schema_of["failure"]}}},
        },
    }
    if "body" in schema_of:
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema_of["body"]}}}
    in_path = re.findall(r"\{(\w+)\}", path)
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in in_path]
    if end.query is not None:
        fields = end.query.model_json_schema()["properties"]
        parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in fields.items()]
    parameters += [{"name": name, "in": "header", "schema": {"type": "string"}} for name in end.headers]
    if parameters:
        told["parameters"] = parameters
    return told
