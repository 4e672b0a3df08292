"""The official client's responses, against a server on a real port."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest

from samovar.serve.keys import KeyBook
from samovar.serve.store import Store
from tests.agent.scripted import call_text
from tests.serve.conftest import MODEL, Server

WEATHER: Any = {
    "type": "function",
    "name": "weather",
    "strict": True,
    "parameters": {"type": "object", "properties": {"expression": {"type": "string"}}},
}


def test_a_response(shared: Server) -> None:
    response = shared.client().responses.create(model=MODEL, input="Hi", metadata={"a": "b"}, instructions="Be brief.")
    assert response.output_text == "Hello there, friend."
    assert (response.object, response.status, response.model) == ("response", "completed", MODEL)
    assert (response.metadata, response.instructions, response.error) == ({"a": "b"}, "Be brief.", None)
    assert response.usage is not None
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens
    assert shared.runner.engine.prompts[-1].startswith("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi")


def test_a_stream_equals_a_response(shared: Server) -> None:
    whole = shared.client().responses.create(model=MODEL, input="Hi")
    with shared.client().responses.stream(model=MODEL, input="Hi") as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type for event in events]
    assert kinds[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert kinds[-4:] == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert kinds.count("response.output_text.delta") > 3
    assert final.output_text == whole.output_text
    assert final.usage == whole.usage


def test_the_conversation_reaches_the_model(shared: Server) -> None:
    shared.client().responses.create(
        model=MODEL,
        input=[
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "input_text", "text": "Well?"}]},
            {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"city": "Oslo"}'},
            {"type": "function_call", "call_id": "c2", "name": "weather", "arguments": '{"city": "Rome"}'},
            {"type": "function_call_output", "call_id": "c1", "output": "sun"},
            {"type": "function_call_output", "call_id": "c2", "output": "rain"},
        ],
        tools=[WEATHER],
        temperature=0.5,
        max_output_tokens=7,
    )
    prompt, sampling = shared.runner.engine.prompts[-1], shared.runner.engine.samplings[-1]
    calls = [
        f'<tool_call>\n{{"name": "weather", "arguments": {{"city": "{city}"}}}}\n</tool_call>'
        for city in ("Oslo", "Rome")
    ]
    assert f"<|im_start|>assistant\n{calls[0]}\n{calls[1]}<|im_end|>" in prompt
    assert "<tool_response>\nsun\n</tool_response>\n<tool_response>\nrain\n</tool_response>" in prompt
    assert (sampling.temperature, sampling.max_tokens) == (0.5, 7)
    assert sampling.constraint is not None


def test_calls_are_returned_and_streamed(start: Callable[..., Server]) -> None:
    server = start(lambda _: "I look.\n" + call_text("Oslo", name="weather") + "\n" + call_text("Rome", name="weather"))
    whole = server.client().responses.create(model=MODEL, input="Hi", tools=[WEATHER])
    assert [item.type for item in whole.output] == ["message", "function_call", "function_call"]
    assert whole.status == "completed"
    with server.client().responses.stream(model=MODEL, input="Hi", tools=[WEATHER]) as stream:
        pieces = [event.delta for event in stream if event.type == "response.function_call_arguments.delta"]
        final = stream.get_final_response()
    arguments = [item.arguments for item in final.output if item.type == "function_call"]
    assert arguments == ['{"expression": "Oslo"}', '{"expression": "Rome"}']
    assert "".join(pieces) == "".join(arguments)
    assert len(pieces) > 6


def test_the_server_runs_its_own_tools_where_none_are_brought(shared: Server) -> None:
    response = shared.client().responses.create(model=MODEL, input="How much is 17*24?")
    assert response.output_text == "It is 408."
    assert response.model_extra is not None
    assert response.model_extra["samovar"]["steps"][0]["result"] == "408"


def test_a_response_at_its_limit_says_so(shared: Server) -> None:
    response = shared.client().responses.create(model=MODEL, input="Hi", max_output_tokens=2)
    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"
    with shared.client().responses.stream(model=MODEL, input="Hi", max_output_tokens=2) as stream:
        assert [event.type for event in stream][-1] == "response.incomplete"


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"store": True}, "store"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"background": True}, "background"),
        ({"input": []}, "input"),
        ({"input": "word " * 2000}, None),
        ({"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}]}, None),
        ({"input": [{"type": "function_call", "call_id": "c", "name": "f", "arguments": "["}]}, "input[0].arguments"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(shared: Server, options: dict[str, Any], param: str | None) -> None:
    for is_stream in (False, True):
        with shared.client() as client, pytest.raises(openai.BadRequestError) as refused:
            client.responses.create(**({"model": MODEL, "input": "Hi", "stream": is_stream} | options))
        assert param is None or refused.value.param == param


def test_a_failure_within_a_stream_is_told_in_it(start: Callable[..., Server]) -> None:
    def script(prompt: str) -> str:
        if "<tool_response>" in prompt:
            raise RuntimeError("a secret of the server")
        return call_text("2+2")

    events = list(start(script).client().responses.create(model=MODEL, input="Hi", stream=True))
    assert events[-1].type == "response.failed"
    assert events[-1].response.error is not None
    assert "secret" not in events[-1].response.error.message


def test_a_response_that_was_kept_is_gone_on_from(start: Callable[..., Server], store: Store) -> None:
    server = start(store=store)
    client, asked = server.client(), {"model": MODEL, "store": True}
    first = client.responses.create(input="How much is 17*24?", instructions="Be brief.", **asked)
    second = client.responses.create(input="And you?", previous_response_id=first.id, **asked)
    assert (first.store, second.previous_response_id) == (True, first.id)
    with client.responses.stream(input="Well?", previous_response_id=second.id, **asked) as stream:
        third = stream.get_final_response()
    prompt = server.runner.engine.prompts[-1]
    places = [prompt.index(said) for said in ("17*24?", "<tool_response>\n408", "It is 408.", "And you?", "Well?")]
    assert places == sorted(places)  # the tools that ran too, as the model had them before it
    assert "Be brief." not in prompt  # instructions are of one request
    assert client.responses.retrieve(second.id) == second
    client.responses.delete(second.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(second.id)
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(input="Still?", previous_response_id=third.id, **asked)
    assert (caught.value.code, caught.value.param) == ("previous_response_not_found", "previous_response_id")


def test_calls_that_the_client_ran_are_gone_on_from(start: Callable[..., Server], store: Store) -> None:
    server = start(lambda _: call_text("Oslo", name="weather"), store=store)
    client, asked = server.client(), {"model": MODEL, "tools": [WEATHER], "store": True}
    first = client.responses.create(input="Weather?", **asked)
    (call,) = [item for item in first.output if item.type == "function_call"]
    result: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "sun"}]
    client.responses.create(input=result, previous_response_id=first.id, **asked)
    prompt = server.runner.engine.prompts[-1]
    assert prompt.index("Weather?") < prompt.index('{"expression": "Oslo"}') < prompt.index("<tool_response>\nsun")


def test_nothing_is_kept_unless_it_is_asked_for(start: Callable[..., Server], store: Store) -> None:
    client = start(store=store).client()
    for asked in ({}, {"store": False}):
        told = client.responses.create(model=MODEL, input="Hi", **asked)
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(told.id)
    with store.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM responses").fetchone() == (0,)


def test_responses_are_seen_by_who_asked_alone(start: Callable[..., Server], store: Store, tmp_path: Path) -> None:
    keys = KeyBook(tmp_path / "keys.sqlite3")
    anna, boris = keys.create("anna")[0], keys.create("boris")[0]
    server = start(store=store, keys=keys)
    kept = server.client(anna).responses.create(model=MODEL, input="Hi", store=True)
    with pytest.raises(openai.NotFoundError):
        server.client(boris).responses.retrieve(kept.id)
    with pytest.raises(openai.BadRequestError, match="is not kept"):
        server.client(boris).responses.create(model=MODEL, input="Hi", previous_response_id=kept.id)
    assert server.client(anna).responses.retrieve(kept.id).output_text == kept.output_text
    keys.close()
