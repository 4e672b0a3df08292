"""Every refusal: its status, and OpenAI's shape."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samovar.core.errors import BusyError, CorruptError, DataError, RequestError, ResourceError, SamovarError
from samovar.serve.api.chat_completions import conversation, read_chat_request
from samovar.serve.errors import describe_error
from samovar.serve.settings import ServeSettings
from samovar.serve.store import Store
from tests.agent.scripted import call_text
from tests.serve.conftest import MODEL, Server

GREETING = [{"role": "user", "content": "Hi"}]
JSON = {"Content-Type": "application/json"}


def body(**changes: Any) -> dict[str, Any]:
    return {"model": MODEL, "messages": GREETING} | changes


def error_of(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/json"
    assert response.json().keys() == {"error"}
    error = response.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert isinstance(error["message"], str)
    assert error["message"]
    return error


@pytest.mark.parametrize(
    ("changes", "param", "told"),
    [
        ({"messages": []}, "messages", "at least 1 item"),
        ({"messages": "Hi"}, "messages", "list"),
        ({"messages": None}, "messages", "list"),
        ({"messages": ["Hi"]}, "messages[0]", "object"),
        ({"messages": [*GREETING, {"role": "robot", "content": "x"}]}, "messages[1].role", "'user'"),
        ({"messages": [{"content": "x"}]}, "messages[0].role", "missing"),
        ({"messages": [{"role": "user"}]}, "messages[0]", "no content"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content", "string"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
            "messages[0].content",
            "string",
        ),
        ({"messages": [{"role": "assistant", "tool_calls": [{"id": "1"}]}]}, "messages[0].tool_calls[0].function", ""),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "a", "arguments": "["}}]}]},
            "messages[0]",
            "arguments",
        ),
        ({"model": 5}, "model", "string"),
        ({"temperature": "hot"}, "temperature", "number"),
        ({"temperature": 2.5}, "temperature", "less than or equal to 2"),
        ({"temperature": -1}, "temperature", "greater than or equal to 0"),
        ({"top_p": -0.1}, "top_p", "greater than or equal to 0"),
        ({"top_k": -1}, "top_k", "greater than or equal to 0"),
        ({"top_k": 1.5}, "top_k", "integer"),
        ({"seed": 2**70}, "seed", ""),
        ({"max_tokens": 0}, "max_tokens", "greater than or equal to 1"),
        ({"max_tokens": True}, "max_tokens", "integer"),
        ({"stream": "yes"}, "stream", "boolean"),
        ({"stop": ["a"] * 17}, "stop", "at most 16"),
        ({"stop": [5]}, "stop[0]", "string"),
        ({"stop": ""}, "stop", "at least 1 character"),
        ({"stream_options": {"include_usage": True}}, "stream_options", "without stream"),
        ({"tools": [{"type": "web"}]}, "tools[0].type", "function"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name", "pattern"),
        ({"tools": [{"type": "function"}]}, "tools[0].function", "missing"),
        ({"tool_choice": "required"}, "tool_choice", "no tools are given"),
        ({"tool_choice": {"type": "function", "function": {"name": "a"}}}, "tool_choice", "no tool 'a'"),
        ({"tool_choice": "often"}, "tool_choice", "'required'"),
        ({"n": 0}, "n", "greater than or equal to 1"),
        ({"n": 17}, "n", "less than or equal to 16"),
        ({"logprobs": 1}, "logprobs", "boolean"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs", "less than or equal to 20"),
        ({"top_logprobs": 2}, "top_logprobs", "without logprobs"),
        ({"logit_bias": {"5": 101}}, "logit_bias.5", "less than or equal to 100"),
        ({"logit_bias": {"x": 1}}, "logit_bias.x", "integer"),
        ({"presence_penalty": 2.5}, "presence_penalty", "less than or equal to 2"),
        ({"frequency_penalty": -3}, "frequency_penalty", "greater than or equal to -2"),
        ({"response_format": {"type": "xml"}}, "response_format", "json_schema"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", "missing"),
        ({"functions": []}, "functions", "not supported"),
        ({"modalities": ["audio"]}, "modalities[0]", "not supported"),
        ({"reasoning_effort": "high"}, "reasoning_effort", "does not think"),
        ({"temprature": 1}, "temprature", "did you mean temperature?"),
        ({"messages": [{"role": "user", "content": "word " * 2000}]}, None, "tokens"),
    ],
)
def test_what_is_wrong_is_named(shared: Server, changes: dict[str, Any], param: str | None, told: str) -> None:
    error = error_of(shared.post(body(**changes)), 400)
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param
    assert told in error["message"]


@pytest.mark.parametrize(
    ("path", "changes", "told"),
    [
        ("chat/completions", {"tool_choice": {"type": "function"}}, "tool_choice.function is missing"),
        ("chat/completions", {"tool_choice": {"type": "x"}}, "tool_choice.type = x: input should be 'function'"),
        ("chat/completions", {"tool_choice": 5}, "tool_choice = 5: input should be 'auto', 'none' or 'required'"),
        ("chat/completions", {"response_format": {}}, "response_format = {}: it has no type"),
        ("responses", {"input": 5}, "input = 5: input should be a valid string"),
        (
            "responses",
            {"input": [{"role": "user", "content": 5}]},
            "input[0].content = 5: input should be a valid string",
        ),
        ("responses", {"input": [{"role": "user"}]}, "input[0].content is missing"),
        (
            "responses",
            {"input": [{"type": "function_call", "call_id": "1", "name": "a"}]},
            "input[0].arguments is missing",
        ),
        ("responses", {"input": [{"type": "function_call_output", "output": "x"}]}, "input[0].call_id is missing"),
        ("responses", {"input": [{"type": "image"}]}, "its type must be one of 'message', 'reasoning', "),
        ("completions", {"prompt": ["a", 5]}, "prompt[1] = 5: input should be a valid string"),
        ("completions", {"prompt": [[1], ["a"]]}, "prompt[1][0] = a: input should be a valid integer"),
        ("completions", {"prompt": [[1], []]}, "prompt[1] = []: list should have at least 1 item"),
        (
            "messages",
            {"messages": [{"role": "user", "content": [5]}]},
            "messages[0].content[0] = 5: it must be an object",
        ),
        ("messages", {"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "content[0].text is missing"),
        (
            "messages",
            {"messages": [{"role": "user", "content": [{"type": "image"}]}]},
            "its type must be one of 'text', ",
        ),
        ("messages", {"system": [{"type": "image"}]}, "system[0].type = image: input should be 'text'"),
    ],
)
def test_of_several_kinds_the_one_that_was_meant_is_told_of(
    shared: Server, path: str, changes: dict[str, Any], told: str
) -> None:
    asked = {"responses": {"input": "x"}, "completions": {"prompt": "x"}}.get(path, {"messages": GREETING})
    limit = {"max_output_tokens" if path == "responses" else "max_tokens": 5}
    response = shared.http.post(f"/v1/{path}", json={"model": MODEL, **limit, **asked, **changes})
    assert response.status_code == 400
    assert told in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("num_prompts", "drawn", "refused"),
    [
        (256, {}, None),
        (16, {"n": 16}, None),
        (17, {"n": 16}, "n"),
        (256, {"best_of": 2}, "best_of"),
        (257, {}, "prompt"),
    ],
)
def test_one_request_for_completions_makes_no_more_answers_than_it_may_have_prompts(
    shared: Server, num_prompts: int, drawn: dict[str, int], refused: str | None
) -> None:
    before = len(shared.runner.engine.prompts)
    asked = {"model": MODEL, "prompt": ["Hi"] * num_prompts, "max_tokens": 1, **drawn}
    response = shared.http.post("/v1/completions", json=asked)
    num_begun = len(shared.runner.engine.prompts) - before
    if refused is None:
        assert len(response.json()["choices"]) == num_begun == 256
    else:
        assert error_of(response, 400)["param"] == refused
        assert num_begun == 0


@pytest.mark.parametrize("name", ["model", "messages"])
def test_what_is_missing_is_named(shared: Server, name: str) -> None:
    without = {key: value for key, value in body().items() if key != name}
    error = error_of(shared.post(without), 400)
    assert (error["param"], error["code"]) == (name, "missing_required_parameter")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"not json",
        b"\xff\xfe\x00",
        b'{"model": NaN}',
        b"[" * 100_000,
        b'{"seed": ' + b"9" * 10_000 + b"}",
        b"[]",
        b'"text"',
        b"null",
    ],
)
def test_what_is_not_a_json_object_is_refused(shared: Server, content: bytes) -> None:
    error_of(shared.post(content=content, headers=JSON), 400)


def test_text_that_is_not_whole_unicode_does_no_harm(shared: Server) -> None:
    content = b'{"model": "test-model", "messages": [{"role": "user", "content": "a \\ud800 b"}]}'
    assert shared.post(content=content, headers=JSON).status_code == 200
    for field in ('"model": "\\ud800"', '"model": "x", "\\ud800": 1', '"stop": "\\ud800"'):
        error = shared.post(content=f'{{"messages": [{{}}], {field}}}'.encode(), headers=JSON)
        assert error.status_code in {400, 404}


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v1/chat/completions", body()),
        ("/v1/responses", {"model": MODEL, "input": "Hi"}),
        ("/v1/messages", body(max_tokens=400)),
        ("/v1/messages", body(max_tokens=400, tools=[{"name": "calculator", "input_schema": {"type": "object"}}])),
    ],
)
def test_half_a_surrogate_pair_that_the_model_wrote_does_no_harm(
    start: Callable[..., Server], path: str, asked: dict[str, Any]
) -> None:
    def calling(prompt: str) -> str:
        return "So." if "<tool_response>" in prompt else call_text("\\ud800")

    reply = start(calling).http.post(path, json=asked)
    assert reply.status_code == 200
    assert "\\ud800" in reply.text


@pytest.mark.parametrize(
    ("path", "more", "param"),
    [
        ("/v1/responses", {"input": "x", "previous_response_id": "\ud800"}, "previous_response_id"),
        ("/v1/chat/completions", {"messages": GREETING, "samovar": {"chat": "\ud800", "place": 0}}, "samovar.chat"),
    ],
)
def test_an_id_that_is_not_whole_unicode_is_nobodys(
    start: Callable[..., Server], store: Store, path: str, more: dict[str, Any], param: str
) -> None:
    content = json.dumps({"model": MODEL, **more}).encode()
    error = error_of(start(store=store).http.post(path, content=content, headers=JSON), 400)
    assert error["param"] == param


def test_a_body_over_the_limit(start: Callable[..., Server]) -> None:
    server = start(settings=ServeSettings(max_body_bytes=2048))
    error = error_of(server.post(body(messages=[{"role": "user", "content": "x" * 3000}])), 413)
    assert error["code"] == "body_too_large"
    # Without a length beforehand, the limit holds too.
    pieces = (b" " * 1000 for _ in range(5))
    error_of(server.post(content=pieces, headers=JSON), 413)


def test_a_body_far_over_the_limit_is_refused_in_words_too(shared: Server) -> None:
    error_of(shared.post(content=b" " * 30_000_000, headers=JSON), 413)


def test_another_content_type_is_refused(shared: Server) -> None:
    content = json.dumps(body()).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        error = error_of(shared.post(content=content, headers={"Content-Type": kind}), 415)
        assert error["code"] == "content_type_not_json"
    kind = "Application/JSON; charset=utf-8"
    assert shared.post(content=content, headers={"Content-Type": kind}).status_code == 200


def test_an_unknown_model(shared: Server) -> None:
    error = error_of(shared.post(body(model="gpt-4o")), 404)
    assert error["code"] == "model_not_found"
    assert MODEL in error["message"]


def test_addresses_and_methods(shared: Server) -> None:
    for path in ("/v1/nothing", "/nothing", "/../etc/passwd", "/v1"):
        error_of(shared.http.get(path), 404)
    error = shared.http.get("/v1/chat/completions")
    error_of(error, 405)
    assert error.headers["Allow"] == "POST"
    error_of(shared.http.delete("/v1/models"), 405)
    error_of(shared.http.options("/v1/chat/completions"), 405)


def test_a_failure_of_ours_tells_nothing(start: Callable[..., Server]) -> None:
    def script(prompt: str) -> str:
        raise RuntimeError("a secret of the server")

    error = error_of(start(script).post(body()), 500)
    assert error["type"] == "server_error"
    assert "secret" not in error["message"]


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (RequestError("x"), 400, "invalid_request_error"),
        (DataError("x"), 400, "invalid_request_error"),
        (BusyError("x"), 429, "rate_limit_error"),
        (ResourceError("x"), 503, "server_error"),
        (SamovarError("the engine failed: tensor"), 500, "server_error"),
        (CorruptError("/a/path"), 500, "server_error"),
        (RuntimeError("x"), 500, "server_error"),
    ],
)
def test_every_kind_of_error_has_its_status(error: Exception, status: int, kind: str) -> None:
    described = describe_error(error)
    assert (described.status, described.type) == (status, kind)
    assert status != 500 or described.message == "the server failed; its log says where"


def test_keys(start: Callable[..., Server]) -> None:
    server = start(api_key="right")
    for header in (None, "", "Bearer", "Bearer wrong", "Basic right", "right", "Bearer r\xefght", "Bearer right x"):
        headers = {} if header is None else {"Authorization": header.encode("latin-1")}
        response = server.post(body(), headers=headers)
        assert error_of(response, 401)["code"] == "invalid_api_key"
        assert response.headers["WWW-Authenticate"] == "Bearer"
    assert server.post(body(), headers={"Authorization": "bearer right"}).status_code == 200
    error_of(server.http.get("/v1/models"), 401)
    # Probes and the page, which asks for the key, need none.
    assert server.http.get("/health").json() == {"status": "ok", "model": MODEL}
    assert server.http.get("/").status_code == 200


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.binary(max_size=60)
    | st.builds(
        lambda value: json.dumps(value).encode(),
        st.dictionaries(
            st.sampled_from(["model", "messages", "stop", "stream", "n", "tools", "temperature", "stream_options"])
            | st.text(max_size=5),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(
                        st.sampled_from(["role", "content", "type", "function", "name"]), inner, max_size=3
                    )
                ),
            ),
        ),
    )
)
def test_any_body_is_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(RequestError):
        request = read_chat_request(content)
        conversation(request.messages)
