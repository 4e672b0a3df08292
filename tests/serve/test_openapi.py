"""/openapi.json: valid, and true of what the server reads and writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from samovar.serve.app import create_app
from samovar.serve.lifetime import Lifetime
from samovar.serve.store import Store
from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.scripted import ScriptedEngine, calculating
from tests.serve.conftest import MODEL, ScriptedRunner, Server, serving

GREETING = [{"role": "user", "content": "Hi"}]
QUESTION = [{"role": "user", "content": "How much is 17*24?"}]
WEATHER = {"name": "weather", "parameters": {"type": "object"}}

ASKED: list[tuple[str, dict[str, Any]]] = [
    ("/v1/chat/completions", {"messages": GREETING}),
    ("/v1/chat/completions", {"messages": QUESTION}),
    ("/v1/chat/completions", {"messages": GREETING, "n": 2, "stop": ["x"], "logit_bias": {"5": 1}}),
    ("/v1/chat/completions", {"messages": GREETING, "tools": [{"type": "function", "function": WEATHER}]}),
    ("/v1/chat/completions", {"messages": GREETING, "stream_options": {"include_usage": True}, "stream": True}),
    ("/v1/completions", {"prompt": "Hi"}),
    ("/v1/completions", {"prompt": [[5, 6], [7]], "n": 2, "echo": True}),
    ("/v1/responses", {"input": "Hi"}),
    ("/v1/responses", {"input": "How much is 17*24?", "instructions": "Be brief."}),
    ("/v1/responses", {"input": GREETING, "tools": [{"type": "function", **WEATHER}]}),
    ("/v1/messages", {"messages": GREETING, "max_tokens": 9}),
    ("/v1/messages", {"messages": QUESTION, "max_tokens": 99, "stop_sequences": ["x"]}),
    ("/v1/messages/count_tokens", {"messages": GREETING}),
]


@pytest.fixture(scope="module")
def document(shared: Server) -> dict[str, Any]:
    return shared.http.get("/openapi.json").json()


def validator(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    import jsonschema

    return jsonschema.Draft202012Validator({**schema, "components": document["components"]})


def test_every_route_is_in_it_but_the_files_of_the_page(tokenizer: Tokenizer, store: Store) -> None:
    app = create_app(ScriptedRunner(ScriptedEngine(tokenizer, calculating)), tokenizer, model_id=MODEL, store=store)
    with serving(app) as url:
        told = httpx.get(f"{url}/openapi.json").json()["paths"]
    page = {f"/{one.name}" for one in (resources.files("samovar.serve") / "page").iterdir()} | {"/"}
    routes = [one for one in app.routes if isinstance(one, Route) and one.path not in page]
    answered = {(one.path.replace(":path", ""), method) for one in routes for method in one.methods or ()}
    by_layers = {("/v1/streams/{id}", "GET"), ("/v1/streams/{id}", "DELETE")}
    assert {(path, method.upper()) for path, methods in told.items() for method in methods} == {
        one for one in answered | by_layers if one[1] != "HEAD"
    }
    assert {"/metrics", "/openapi.json", "/health", "/ready", *(path for path, _ in ASKED)} <= told.keys()


def test_it_is_valid(document: dict[str, Any]) -> None:
    import jsonschema

    assert document["openapi"] == "3.1.0"
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    names = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("path", "body"), ASKED)
def test_requests_and_replies_have_the_shapes_it_tells(
    shared: Server, document: dict[str, Any], path: str, body: dict[str, Any]
) -> None:
    operation = document["paths"][path]["post"]
    content = operation["responses"]["200"]["content"]
    asked = {"model": MODEL} | body
    validator(document, operation["requestBody"]["content"]["application/json"]["schema"]).validate(asked)
    if not asked.get("stream"):
        reply = shared.http.post(path, json=asked)
        assert reply.status_code == 200, reply.text
        check = validator(document, content["application/json"]["schema"])
        check.validate(reply.json())
        assert_no_other_keys(document, content["application/json"]["schema"], reply.json())
    if "text/event-stream" in content:
        told = shared.http.post(path, json={**asked, "stream": True})
        check = validator(document, content["text/event-stream"]["schema"]["x-event"])
        data = [line.removeprefix("data: ") for line in told.text.splitlines() if line.startswith("data: ")]
        events = [json.loads(one) for one in data if one != "[DONE]"]
        assert events
        for event in events:
            check.validate(event)


def assert_no_other_keys(document: dict[str, Any], schema: dict[str, Any], value: dict[str, Any]) -> None:
    """A key that the document does not know is a lie of omission."""
    named = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    assert value.keys() <= named["properties"].keys()


@pytest.mark.parametrize(("path", "body"), [(path, body) for path, body in ASKED if "stream" not in body])
def test_refusals_have_the_shape_it_tells(
    shared: Server, document: dict[str, Any], path: str, body: dict[str, Any]
) -> None:
    refused = shared.http.post(path, json={"model": MODEL, **body, "no_such_thing": 1})
    assert refused.status_code == 400
    schema = document["paths"][path]["post"]["responses"]["4XX"]["content"]["application/json"]["schema"]
    validator(document, schema).validate(refused.json())
    request = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert not validator(document, request).is_valid({"model": MODEL, **body, "no_such_thing": 1})


def test_what_is_kept_is_in_it_where_anything_is(start: Callable[..., Server], tmp_path: Path) -> None:
    store = Store(tmp_path / "chats.sqlite3")
    http = start(store=store).http
    document = http.get("/openapi.json").json()
    paths = document["paths"]
    assert {one["name"] for one in paths["/api/chats"]["get"]["parameters"]} == {"search", "limit", "before"}
    message = {"role": "user", "content": "Hi", "notes": ["stopped"]}
    answer = {"role": "assistant", "content": "Hello"}
    asked = {"title": "A", "messages": [message]}
    cast = {
        "place": 2,
        "messages": [{"role": "user", "content": "Hi"}],
        "answers": [{"content": "Hello"}],
        "vote": "good",
    }
    body = paths["/api/chats"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    validator(document, body).validate(asked)
    made = http.post("/api/chats", json=asked).json()
    address = f"/api/chats/{made['id']}"
    asked_first = {"model": MODEL, "input": "How much is 17*24?", "store": True}
    response = http.post("/v1/responses", json=asked_first).json()
    following = {"model": MODEL, "input": "Hi", "store": True, "previous_response_id": response["id"]}
    items = f"/v1/responses/{http.post('/v1/responses', json=following).json()['id']}/input_items"
    for path, method, reply in (
        ("/v1/responses/{id}", "get", http.get(f"/v1/responses/{response['id']}").json()),
        ("/v1/responses/{id}/input_items", "get", http.get(items).json()),
        ("/api/chats", "post", made),
        ("/api/chats/{id}/messages", "post", http.post(f"{address}/messages", json={"messages": [message]}).json()),
        ("/api/chats/{id}/messages", "post", http.post(f"{address}/messages", json={"messages": [answer]}).json()),
        (
            "/api/chats/{id}/votes",
            "post",
            vote := http.post(f"{address}/votes", json=cast).json(),
        ),
        ("/api/chats", "get", http.get("/api/chats?search=Hi").json()),
        ("/api/chats/{id}", "get", http.get(address).json()),
        ("/api/chats/{id}/votes/{vote}", "delete", http.delete(f"{address}/votes/{vote['id']}").json()),
        ("/api/chats/{id}", "patch", http.patch(address, json={"title": "B"}).json()),
        ("/api/chats/{id}", "delete", http.delete(address).json()),
    ):
        schema = paths[path][method]["responses"]["200"]["content"]["application/json"]["schema"]
        validator(document, schema).validate(reply)
        assert_no_other_keys(document, schema, reply)
    store.close()


def test_streams_taken_up_again(shared: Server, document: dict[str, Any]) -> None:
    of_stream = document["paths"]["/v1/streams/{id}"]
    bodies = [("/v1/chat/completions", {"messages": GREETING}), ("/v1/completions", {"prompt": "Hi"})]
    bodies += [("/v1/responses", {"input": "Hi"}), ("/v1/messages", {"messages": GREETING, "max_tokens": 9})]
    replies = of_stream["get"]["responses"]
    check = validator(document, replies["200"]["content"]["text/event-stream"]["schema"]["x-event"])
    refusal = replies["4XX"]["content"]["application/json"]["schema"]
    assert [(one["name"], one["in"]) for one in of_stream["get"]["parameters"]] == [
        ("id", "path"), ("Last-Event-ID", "header"),
    ]  # fmt: skip
    for path, body in bodies:
        asked = {"model": MODEL, "stream": True} | body
        first = shared.http.post(path, json=asked, headers={"Samovar-Resumable": "1"})
        address = f"/v1/streams/{first.headers['Samovar-Stream']}"
        again = shared.http.get(address)
        assert again.headers["Content-Type"].startswith("text/event-stream")
        data = [line.removeprefix("data: ") for line in again.text.splitlines() if line.startswith("data: ")]
        events = [json.loads(one) for one in data if one != "[DONE]"]
        assert events
        for event in events:
            check.validate(event)
        gone = shared.http.delete(address)
        assert (str(gone.status_code), gone.content) == (next(iter(of_stream["delete"]["responses"])), b"")
        validator(document, refusal).validate(shared.http.get(address).json())


def test_what_watches_the_server(tokenizer: Tokenizer, document: dict[str, Any]) -> None:
    lifetime, runner = Lifetime(), ScriptedRunner(ScriptedEngine(tokenizer, calculating))
    app = create_app(runner, tokenizer, model_id=MODEL, lifetime=lifetime)
    replies = {path: document["paths"][path]["get"]["responses"] for path in ("/health", "/ready", "/metrics")}
    with serving(app) as url:
        for path in ("/health", "/ready"):
            schema = replies[path]["200"]["content"]["application/json"]["schema"]
            validator(document, schema).validate(httpx.get(url + path).json())
        for media_type in replies["/metrics"]["200"]["content"]:
            told = httpx.get(f"{url}/metrics", headers={"Accept": f"{media_type}; version=1.0.0"})
            assert told.headers["Content-Type"].startswith(media_type)
        lifetime.drain()
        stopping = httpx.get(f"{url}/ready")
    assert stopping.status_code == 503
    validator(document, replies["/ready"]["5XX"]["content"]["application/json"]["schema"]).validate(stopping.json())


def test_models(shared: Server, document: dict[str, Any]) -> None:
    for path, asked in (("/v1/models", "/v1/models"), ("/v1/models/{name}", f"/v1/models/{MODEL}")):
        schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        validator(document, schema).validate(shared.http.get(asked).json())
