"""What the server tells of itself: metrics that Prometheus' own parser reads, lines of JSON, spans."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from samovar.serve.logs import JsonFormatter, log_as_json
from samovar.serve.settings import ServeSettings
from samovar.serve.store import Store
from tests.agent.scripted import call_text
from tests.serve.conftest import MODEL, Server
from tests.serve.test_cancellation import until

Start = Callable[..., Server]
SECRET = "my private words"
BODY = {"model": MODEL, "messages": [{"role": "user", "content": SECRET}]}
PATH = "/v1/chat/completions"


def samples(server: Server) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(server.http.get("/metrics").text)
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def value(server: Server, name: str, **labels: str) -> float:
    return samples(server).get((name, tuple(sorted(labels.items()))), 0.0)


def test_requests_are_counted_by_route_and_status(start: Start) -> None:
    server = start()
    server.post(BODY)
    server.post(BODY | {"messages": []})
    server.http.get("/v1/models/other")
    for path in ("/invented/1", "/invented/2"):
        server.http.get(path)
    assert value(server, "samovar_requests_total", route=PATH, status="200") == 1
    assert value(server, "samovar_requests_total", route=PATH, status="400") == 1
    assert value(server, "samovar_requests_total", route="other", status="404") == 2
    assert value(server, "samovar_requests_open") == 1  # this one
    routes = {dict(labels).get("route", "") for _, labels in samples(server)}
    assert not [route for route in routes if "invented" in route]


def test_addresses_that_begin_alike_are_counted_apart(start: Start, store: Store) -> None:
    server = start(store=store)
    for path in ("/v1/responses/x", "/v1/responses/x/input_items", "/v1/responses/x/else", "/v1/models/a/b"):
        server.http.get(path)
    routes = ("/v1/responses/{id}", "/v1/responses/{id}/input_items", "other", "/v1/models/{name:path}")
    assert [value(server, "samovar_requests_total", route=route, status="404") for route in routes] == [1, 1, 1, 1]


@pytest.mark.parametrize("is_stream", [False, True])
def test_tokens_and_their_times_are_counted(start: Start, is_stream: bool) -> None:
    server = start(lambda _: "Hello there, friend.")
    usage = server.post(BODY).json()["usage"]
    if is_stream:
        server.post(BODY | {"stream": True})
    times = 2 if is_stream else 1
    assert value(server, "samovar_prompt_tokens_total") == times * usage["prompt_tokens"]
    assert value(server, "samovar_completion_tokens_total") == times * usage["completion_tokens"]
    assert value(server, "samovar_time_to_first_token_seconds_count") == times
    pieces = -(-len("Hello there, friend.") // 3)
    assert value(server, "samovar_inter_token_seconds_count") == times * (pieces - 1)


def test_a_reader_that_leaves_is_counted(start: Start) -> None:
    server = start(lambda _: "words " * 500, pause_s=0.01)
    with server.http.stream("POST", PATH, json=BODY | {"stream": True, "max_tokens": 5000}) as response:
        next(response.iter_lines())
    until(lambda: server.runner.num_live == 0)
    until(lambda: value(server, "samovar_generations_cancelled_total") == 1)


@pytest.fixture
def logged() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The lines of the log so far."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    logger, handler = logging.getLogger("samovar.requests"), Keep()
    handler.setFormatter(JsonFormatter())
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in lines]
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_a_line_for_every_request_without_what_was_said(start: Start, logged: Callable[[], list[Any]]) -> None:
    server = start(settings=ServeSettings(log="requests"))
    answer = server.post(BODY)
    server.post(BODY | {"temperature": 9})
    until(lambda: len(logged()) == 2)
    first, second = logged()
    assert first["id"] == answer.headers["X-Request-Id"]
    assert (first["path"], first["status"], first["level"]) == (PATH, 200, "info")
    assert first["completion_tokens"] == answer.json()["usage"]["completion_tokens"]
    assert first["seconds"] >= first["first_token_seconds"] >= 0
    assert (second["status"], second["error"]) == (400, "invalid_value")
    assert SECRET not in json.dumps(logged())
    assert "Hello" not in json.dumps(logged())


@pytest.mark.parametrize(
    ("path", "more"),
    [
        (PATH, {}),
        ("/v1/messages", {"max_tokens": 200}),
        ("/v1/responses", {"input": SECRET, "messages": None}),
    ],
)
def test_a_stream_that_breaks_off_is_told_with_its_error(
    start: Start, logged: Callable[[], list[Any]], path: str, more: dict[str, Any]
) -> None:
    def script(prompt: str) -> str:
        if "<tool_response>" in prompt:
            raise RuntimeError("the sugar is out")
        return call_text("17*24")

    server = start(script, settings=ServeSettings(log="requests"))
    body = {name: value for name, value in (BODY | more | {"stream": True}).items() if value is not None}
    assert "the server failed" in server.http.post(path, json=body).text
    until(lambda: len(logged()) == 1)
    assert (logged()[0]["status"], logged()[0]["error"]) == (200, "internal_error")


def test_what_was_said_where_the_operator_wants_it(start: Start, logged: Callable[[], list[Any]]) -> None:
    server = start(settings=ServeSettings(log="messages"))
    server.post(BODY)
    until(lambda: len(logged()) == 1)
    (line,) = logged()
    assert line["question"] == BODY
    assert line["answer"]["choices"][0]["message"]["content"] == "Hello there, friend."


def test_no_line_where_only_errors_are_wanted(start: Start, logged: Callable[[], list[Any]]) -> None:
    start().post(BODY)
    assert logged() == []


def test_a_callers_own_id_is_kept_where_it_is_one(start: Start) -> None:
    server = start()
    for sent, is_kept in (("job-17:3", True), ("a b", False), ("x" * 200, False), ("ы", False)):
        got = server.http.get("/health", headers={"X-Request-Id": sent.encode()}).headers["X-Request-Id"]
        assert (got == sent) is is_kept


def test_a_failure_is_one_line_with_its_trace(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], logging.getLogger("samovar.requests").level
    try:
        log_as_json()
        try:
            raise ZeroDivisionError("the sugar is out")
        except ZeroDivisionError:
            logging.getLogger("anything").exception("it failed")
    finally:
        root.handlers = handlers
        logging.getLogger("samovar.requests").setLevel(level)
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert (told["level"], told["message"]) == ("error", "it failed")
    assert "ZeroDivisionError: the sugar is out" in told["trace"]


def test_a_span_a_request_under_its_callers(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    export = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    from samovar.serve import app as application

    kept = export.InMemorySpanExporter()
    plain = application.Tracing
    monkeypatch.setattr(application, "Tracing", lambda app, endpoint: plain(app, endpoint=endpoint, exporter=kept))
    server = start(settings=ServeSettings(otlp_endpoint="http://127.0.0.1:9/v1/traces"))
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    answer = server.http.post(PATH, json=BODY, headers={"traceparent": f"00-{trace}-{parent}-01"})
    server.http.get("/health")
    for name in ("one", "another"):
        server.http.get(f"/v1/models/{name}")
    until(lambda: len(kept.get_finished_spans()) == 3)
    span, *others = kept.get_finished_spans()
    assert {other.name for other in others} == {"GET /v1/models/{name:path}"}  # each name is no name of its own
    assert span.name == f"POST {PATH}"
    assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (trace, parent)
    assert span.attributes["http.response.status_code"] == 200
    assert span.attributes["gen_ai.usage.output_tokens"] == answer.json()["usage"]["completion_tokens"]
    assert SECRET not in str(dict(span.attributes))
