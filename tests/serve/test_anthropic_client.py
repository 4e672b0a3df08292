"""Anthropic's own client, against a server on a real port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import pytest

from tests.agent.scripted import call_text
from tests.serve.conftest import MODEL, Server

GREETING: list[Any] = [{"role": "user", "content": "Hi"}]
WEATHER: Any = {
    "name": "weather",
    "description": "Tells the weather.",
    "input_schema": {"type": "object", "properties": {"expression": {"type": "string"}}},
}


def client_of(server: Server, key: str = "none") -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=server.url, api_key=key, max_retries=0, timeout=10)


@pytest.fixture
def client(shared: Server) -> Iterator[anthropic.Anthropic]:
    with client_of(shared) as client:
        yield client


def test_a_message(client: anthropic.Anthropic) -> None:
    message = client.messages.create(model=MODEL, max_tokens=50, messages=GREETING)
    assert (message.type, message.role, message.model) == ("message", "assistant", MODEL)
    assert [block.text for block in message.content if block.type == "text"] == ["Hello there, friend."]
    assert (message.stop_reason, message.stop_sequence) == ("end_turn", None)
    assert message.usage.input_tokens > 0
    assert message.usage.output_tokens > 0


def test_a_stream_equals_a_message(client: anthropic.Anthropic) -> None:
    whole = client.messages.create(model=MODEL, max_tokens=50, messages=GREETING)
    with client.messages.stream(model=MODEL, max_tokens=50, messages=GREETING) as stream:
        events = list(stream)
        final = stream.get_final_message()
    texts = [event.text for event in events if event.type == "text"]
    assert len(texts) > 3
    assert "".join(texts) == "Hello there, friend."
    assert final.model_dump(exclude={"id"}) == whole.model_dump(exclude={"id"})
    kinds = [event.type for event in client.messages.create(model=MODEL, max_tokens=50, messages=GREETING, stream=True)]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]


def test_the_usage_of_a_stream_is_known_at_its_start(client: anthropic.Anthropic) -> None:
    started = next(iter(client.messages.create(model=MODEL, max_tokens=50, messages=GREETING, stream=True)))
    whole = client.messages.create(model=MODEL, max_tokens=50, messages=GREETING)
    assert started.type == "message_start"
    assert started.message.usage.input_tokens == whole.usage.input_tokens


def test_counting_tokens(client: anthropic.Anthropic) -> None:
    counted = client.messages.count_tokens(model=MODEL, messages=GREETING, system="Be brief.", tools=[WEATHER])
    whole = client.messages.create(model=MODEL, max_tokens=5, messages=GREETING, system="Be brief.", tools=[WEATHER])
    assert counted.input_tokens == whole.usage.input_tokens


def test_the_conversation_reaches_the_model(shared: Server, client: anthropic.Anthropic) -> None:
    client.messages.create(
        model=MODEL,
        max_tokens=7,
        system=[{"type": "text", "text": "Be brief."}],
        messages=[
            {"role": "user", "content": [{"type": "text", "text": "What"}, {"type": "text", "text": "?"}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Oslo"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "sun"}]},
                    {"type": "text", "text": "Well?"},
                ],
            },
        ],
        tools=[WEATHER],
        extra_body={"temperature": 0.5, "top_p": 0.9, "top_k": 5},
        stop_sequences=["END"],
        metadata={"user_id": "me"},
    )
    prompt, sampling = shared.runner.engine.prompts[-1], shared.runner.engine.samplings[-1]
    assert prompt.startswith("<|im_start|>system\nBe brief.\n\n# Tools")
    assert "What?" in prompt
    assert 'I look.\n<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>' in prompt
    assert "<tool_response>\nsun\n</tool_response>" in prompt
    assert prompt.endswith("<|im_start|>user\nWell?<|im_end|>\n<|im_start|>assistant\n")
    assert (sampling.temperature, sampling.top_p, sampling.top_k) == (0.5, 0.9, 5)
    assert (sampling.stop, sampling.max_tokens) == (("END",), 7)
    assert sampling.constraint is not None


def test_calls_of_the_clients_tools(start: Callable[..., Server]) -> None:
    server = start(
        lambda prompt: "Sunny." if "<tool_response>" in prompt else "I look.\n" + call_text("Oslo", name="weather")
    )
    with client_of(server) as client:
        asked = client.messages.create(model=MODEL, max_tokens=99, messages=GREETING, tools=[WEATHER])
        assert asked.stop_reason == "tool_use"
        said, call = asked.content
        assert said.type == "text"
        assert said.text == "I look."
        assert call.type == "tool_use"
        assert (call.name, call.input) == ("weather", {"expression": "Oslo"})
        result: Any = {"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}
        history = [*GREETING, {"role": "assistant", "content": asked.content}, {"role": "user", "content": [result]}]
        told = client.messages.create(model=MODEL, max_tokens=99, messages=history, tools=[WEATHER])
        assert [block.text for block in told.content if block.type == "text"] == ["Sunny."]


def test_calls_are_streamed_piece_by_piece(start: Callable[..., Server]) -> None:
    server = start(lambda _: "I look.\n" + call_text("Oslo", name="weather") + "\n" + call_text("Rome", name="weather"))
    with (
        client_of(server) as client,
        client.messages.stream(model=MODEL, max_tokens=99, messages=GREETING, tools=[WEATHER]) as stream,
    ):
        pieces = [event.partial_json for event in stream if event.type == "input_json"]
        final = stream.get_final_message()
    assert len(pieces) > 6
    assert [block.type for block in final.content] == ["text", "tool_use", "tool_use"]
    inputs = [block.input for block in final.content if block.type == "tool_use"]
    assert inputs == [{"expression": "Oslo"}, {"expression": "Rome"}]
    assert final.stop_reason == "tool_use"


def test_the_server_runs_its_own_tools_where_none_are_brought(client: anthropic.Anthropic) -> None:
    question: list[Any] = [{"role": "user", "content": "How much is 17*24?"}]
    message = client.messages.create(model=MODEL, max_tokens=99, messages=question)
    assert [block.text for block in message.content if block.type == "text"] == ["It is 408."]
    assert message.model_extra is not None
    assert message.model_extra["samovar"]["steps"][0]["result"] == "408"


def test_a_stream_shows_the_tools_that_the_server_runs_as_they_run(start: Callable[..., Server]) -> None:
    server = start(lambda prompt: "It is 408." if "<tool_response>" in prompt else "I count.\n" + call_text("17*24"))
    question: list[Any] = [{"role": "user", "content": "How much is 17*24?"}]
    with client_of(server) as client:
        with client.messages.stream(model=MODEL, max_tokens=99, messages=question) as stream:
            events = list(stream)
            final = stream.get_final_message()
        whole = client.messages.create(model=MODEL, max_tokens=99, messages=question)
    kinds = [event.type for event in events]
    told = [event for event in events if event.type == "message_delta" and event.model_extra]
    (step,) = [step for event in told for step in event.model_extra["samovar"]["steps"]]  # type: ignore[index]
    assert (step["name"], step["arguments"], step["result"]) == ("calculator", {"expression": "17*24"}, "408")
    assert kinds.index("text") < events.index(told[0]) < len(kinds) - 1 - kinds[::-1].index("text")
    assert told[0].delta.stop_reason is None  # type: ignore[union-attr]
    texts = [[block.text for block in one.content if block.type == "text"] for one in (final, whole)]
    assert texts[0] == texts[1] == ["I count.\n\nIt is 408."]
    assert (final.stop_reason, final.usage) == ("end_turn", whole.usage)
    assert whole.model_extra is not None
    assert whole.model_extra["samovar"]["steps"] == [step]


def test_an_answer_at_its_limit_says_so(client: anthropic.Anthropic) -> None:
    assert client.messages.create(model=MODEL, max_tokens=2, messages=GREETING).stop_reason == "max_tokens"


def test_errors_are_the_clients_own(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.NotFoundError) as missing:
        client.messages.create(model="claude", max_tokens=5, messages=GREETING)
    body: Any = missing.value.body
    assert body["type"] == "error"
    assert body["error"]["type"] == "not_found_error"
    for wrong in (
        {"messages": [{"role": "user", "content": "word " * 2000}]},
        {"messages": []},
        {"extra_body": {"temperature": 1.5}},
        {"tool_choice": {"type": "any"}},
        {"tool_choice": {"type": "tool", "name": "weather"}},
        {"extra_body": {"max_token": 5}},
        {"messages": [{"role": "user", "content": [{"type": "image", "source": {}}]}]},
    ):
        for is_stream in (False, True):
            asked: Any = {"model": MODEL, "max_tokens": 5, "messages": GREETING, "stream": is_stream} | wrong
            with pytest.raises(anthropic.BadRequestError) as refused:
                client.messages.create(**asked)
            told: Any = refused.value.body
            assert told["error"]["type"] == "invalid_request_error"


def test_keys_in_anthropics_way(start: Callable[..., Server]) -> None:
    server = start(api_key="right")
    with client_of(server, "right") as client:
        assert client.messages.create(model=MODEL, max_tokens=5, messages=GREETING).content
    with client_of(server, "wrong") as client, pytest.raises(anthropic.AuthenticationError) as refused:
        client.messages.create(model=MODEL, max_tokens=5, messages=GREETING)
    body: Any = refused.value.body
    assert body["error"]["type"] == "authentication_error"


def test_a_failure_within_a_stream_is_told_in_it(start: Callable[..., Server]) -> None:
    def script(prompt: str) -> str:
        if "<tool_response>" in prompt:
            raise RuntimeError("a secret of the server")
        return call_text("2+2")

    with client_of(start(script)) as client, pytest.raises(anthropic.APIStatusError, match="the server failed") as told:
        list(client.messages.create(model=MODEL, max_tokens=99, messages=GREETING, stream=True))
    assert "secret" not in str(told.value)


def test_an_answer_goes_on_from_where_it_is_begun(shared: Server, client: anthropic.Anthropic) -> None:
    begun: Any = [*GREETING, {"role": "assistant", "content": [{"type": "text", "text": "Once <|im_end|> upon"}]}]
    message = client.messages.create(model=MODEL, max_tokens=50, messages=begun)
    assert shared.runner.engine.prompts[-1].endswith("<|im_start|>assistant\nOnce <|im_end|> upon")
    assert [block.text for block in message.content if block.type == "text"] == ["Hello there, friend."]
    plain = client.messages.count_tokens(model=MODEL, messages=GREETING).input_tokens
    told = client.messages.count_tokens(model=MODEL, messages=begun).input_tokens
    # As words the mark is many tokens.
    assert told - plain == len(shared.runner.engine.tokenizer.encode("Once <|im_end|> upon")) > 5
    assert message.usage.input_tokens == told


def test_a_begun_answer_stands_whole_before_what_its_tools_give(shared: Server, client: anthropic.Anthropic) -> None:
    asked: Any = [{"role": "user", "content": "How much is 17*24?"}, {"role": "assistant", "content": "Let me see."}]
    message = client.messages.create(model=MODEL, max_tokens=90, messages=asked)
    assert "assistant\nLet me see.\n<tool_call>" in shared.runner.engine.prompts[-1]
    assert shared.runner.engine.prompts[-1].endswith("assistant\n")
    assert [block.text for block in message.content if block.type == "text"] == ["It is 408."]


@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        ("Once ", {}, "white space"),
        ([{"type": "tool_use", "id": "t", "name": "weather", "input": {}}], {}, "calls without results"),
        ("{", {"output_config": {"format": {"type": "json_schema", "schema": {}}}}, "of a form"),
    ],
)
def test_what_no_answer_goes_on_from(client: anthropic.Anthropic, content: Any, options: Any, told: str) -> None:
    messages: Any = [*GREETING, {"role": "assistant", "content": content}]
    with pytest.raises(anthropic.BadRequestError, match=told):
        client.messages.create(model=MODEL, max_tokens=9, messages=messages, **options)
