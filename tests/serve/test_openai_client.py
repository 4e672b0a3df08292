"""The official client, against a server on a real port."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai
import pytest
import torch

from samovar.engine.constraint import Constraint
from samovar.engine.sampler import probabilities
from samovar.serve import structured
from samovar.serve.settings import ServeSettings
from tests.agent.scripted import call_text
from tests.serve.conftest import MODEL, Server

GREETING: list[Any] = [{"role": "user", "content": "Hi"}]
QUESTION: list[Any] = [{"role": "user", "content": "How much is 17*24?"}]
WEATHER: Any = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


def test_models(shared: Server) -> None:
    assert [model.id for model in shared.client().models.list()] == [MODEL]
    model = shared.client().models.retrieve(MODEL)
    assert (model.owned_by, model.model_extra) == ("samovar", {"max_model_len": shared.runner.engine.max_context})
    with pytest.raises(openai.NotFoundError):
        shared.client().models.retrieve("org/other")


def test_completion(shared: Server) -> None:
    answer = shared.client().chat.completions.create(model=MODEL, messages=GREETING)
    choice = answer.choices[0]
    assert (choice.message.role, choice.message.content, choice.finish_reason) == (
        "assistant",
        "Hello there, friend.",
        "stop",
    )
    assert answer.object == "chat.completion"
    assert answer.id.startswith("chatcmpl-")
    assert answer.model == MODEL
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.usage.prompt_tokens > 0
    assert answer.usage.completion_tokens > 0


def test_stream_equals_completion(shared: Server) -> None:
    chunks = list(
        shared.client().chat.completions.create(
            model=MODEL, messages=GREETING, stream=True, stream_options={"include_usage": True}
        )
    )
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1]) == "Hello there, friend."
    assert len(chunks) > 4
    assert [chunk.choices[0].finish_reason for chunk in chunks[-2:-1]] == ["stop"]
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    whole = shared.client().chat.completions.create(model=MODEL, messages=GREETING)
    assert chunks[-1].usage.model_dump() == whole.usage.model_dump()
    assert len({chunk.id for chunk in chunks}) == 1


def test_stream_without_usage(shared: Server) -> None:
    chunks = list(shared.client().chat.completions.create(model=MODEL, messages=GREETING, stream=True))
    assert all(chunk.usage is None for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"


async def _stream_text(client: openai.AsyncOpenAI) -> str:
    async with client, await client.chat.completions.create(model=MODEL, messages=GREETING, stream=True) as stream:
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])


def test_the_asynchronous_client(shared: Server) -> None:
    import asyncio

    client = openai.AsyncOpenAI(base_url=f"{shared.url}/v1", api_key="none", max_retries=0)
    assert asyncio.run(_stream_text(client)) == "Hello there, friend."


def test_the_server_runs_its_calculator_and_shows_the_step(shared: Server) -> None:
    message = shared.client().chat.completions.create(model=MODEL, messages=QUESTION).choices[0].message
    assert message.content == "It is 408."
    assert message.tool_calls is None
    steps = [{"name": "calculator", "arguments": {"expression": "17*24"}, "result": "408"}]
    assert message.model_extra["samovar"] == {"steps": steps}


def test_the_step_comes_in_the_stream_before_the_words(shared: Server) -> None:
    chunks = list(shared.client().chat.completions.create(model=MODEL, messages=QUESTION, stream=True))
    deltas = [chunk.choices[0].delta for chunk in chunks]
    steps = [number for number, delta in enumerate(deltas) if "samovar" in (delta.model_extra or {})]
    words = [number for number, delta in enumerate(deltas) if delta.content]
    assert len(steps) == 1
    assert steps[0] < words[0]
    assert "".join(delta.content or "" for delta in deltas) == "It is 408."


def test_words_before_and_after_a_tool_are_two_paragraphs(start: Callable[..., Server]) -> None:
    def script(prompt: str) -> str:
        return "Four." if "<tool_response>" in prompt else "Let me see.\n" + call_text("2+2")

    server = start(script)
    whole = server.client().chat.completions.create(model=MODEL, messages=GREETING).choices[0].message.content
    chunks = server.client().chat.completions.create(model=MODEL, messages=GREETING, stream=True)
    assert whole == "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Let me see.\n\nFour."


def test_calls_of_the_clients_tools_are_returned(start: Callable[..., Server]) -> None:
    server = start(lambda prompt: "Sunny." if "<tool_response>" in prompt else call_text("Oslo", name="weather"))
    asked = server.client().chat.completions.create(model=MODEL, messages=GREETING, tools=[WEATHER])
    choice = asked.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    assert choice.message.tool_calls is not None
    (call,) = choice.message.tool_calls
    assert call.function.name == "weather"
    assert call.function.arguments == '{"expression": "Oslo"}'
    assert '"name": "weather"' in server.runner.engine.prompts[0]
    history = [
        *GREETING,
        choice.message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": "sunny"},
    ]
    told = server.client().chat.completions.create(model=MODEL, messages=history, tools=[WEATHER])
    assert told.choices[0].message.content == "Sunny."
    assert told.choices[0].finish_reason == "stop"


def test_calls_of_the_clients_tools_are_streamed(start: Callable[..., Server]) -> None:
    server = start(lambda _: call_text("Oslo", name="weather"))
    chunks = list(server.client().chat.completions.create(model=MODEL, messages=GREETING, tools=[WEATHER], stream=True))
    calls = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    assert [(call.index, call.id is None, call.function.name) for call in calls[:2]] == [
        (0, False, "weather"),
        (0, True, None),
    ]
    assert len(calls) > 3
    assert "".join(call.function.arguments for call in calls) == '{"expression": "Oslo"}'
    assert chunks[-1].choices[0].finish_reason == "tool_calls"
    assert all(not chunk.choices[0].delta.content for chunk in chunks)


def test_with_tool_choice_none_no_tool_is_offered(shared: Server) -> None:
    answer = shared.client().chat.completions.create(
        model=MODEL, messages=GREETING, tools=[WEATHER], tool_choice="none"
    )
    assert answer.choices[0].finish_reason == "stop"
    assert "weather" not in shared.runner.engine.prompts[-1]


def test_every_parameter_reaches_the_engine(shared: Server) -> None:
    shared.client().chat.completions.create(
        model=MODEL,
        messages=[{"role": "developer", "content": [{"type": "text", "text": "Be brief."}]}, *GREETING],
        temperature=0,
        top_p=0.5,
        seed=7,
        stop=["END", "\n"],
        max_completion_tokens=3,
        n=1,
        user="me",
        store=False,
        metadata={"a": "b"},
        logprobs=True,
        top_logprobs=4,
        presence_penalty=0.5,
        frequency_penalty=-0.5,
        logit_bias={"7": -1},
        response_format={"type": "json_object"},
        extra_body={
            "top_k": 40.0,
            "min_p": 0.1,
            "repetition_penalty": 1.1,
            "min_tokens": 2,
            "stop_token_ids": [9],
            "ignore_eos": True,
            "verbatim_quotes": True,
        },
    )
    sampling = shared.runner.engine.samplings[-1]
    assert (sampling.temperature, sampling.top_p, sampling.top_k, sampling.seed) == (0, 0.5, 40, 7)
    assert (sampling.stop, sampling.max_tokens) == (("END", "\n"), 3)
    assert (sampling.min_p, sampling.repetition_penalty, sampling.min_tokens) == (0.1, 1.1, 2)
    assert (sampling.presence_penalty, sampling.frequency_penalty, sampling.logit_bias) == (0.5, -0.5, {7: -1})
    assert (sampling.stop_token_ids, sampling.ignore_eos, sampling.verbatim_quotes) == ((9,), True, True)
    assert (sampling.logprobs, sampling.constraint) == (4, Constraint("json_object"))
    assert shared.runner.engine.prompts[-1].startswith("<|im_start|>system\nBe brief.<|im_end|>")


def test_the_settings_fill_what_a_request_leaves_out(start: Callable[..., Server]) -> None:
    server = start(settings=ServeSettings(temperature=0.25, top_p=0.75, max_tokens=9, system="You are Samovar."))
    server.client().chat.completions.create(model=MODEL, messages=GREETING, stop="x")
    sampling = server.runner.engine.samplings[-1]
    assert (sampling.temperature, sampling.top_p, sampling.max_tokens, sampling.stop) == (0.25, 0.75, 9, ("x",))
    assert "You are Samovar." in server.runner.engine.prompts[-1]


def test_a_top_p_of_nothing_leaves_the_likeliest_token_alone(shared: Server) -> None:
    chat: dict[str, Any] = {"messages": GREETING, "max_tokens": 9}
    logits = torch.randn(1, 50_000, generator=torch.Generator().manual_seed(0))
    for path, asked in (("chat/completions", chat), ("responses", {"input": "Hi"}), ("messages", chat)):
        whole = {"model": MODEL, "temperature": 1, "top_p": 0, **asked}
        assert shared.http.post(f"/v1/{path}", json=whole).status_code == 200
        spread = probabilities(logits, shared.runner.engine.samplings[-1:])
        assert spread[0].nonzero().tolist() == [[int(logits.argmax())]]


def test_the_setting_of_quotes_is_for_every_conversation_and_for_no_bare_text(start: Callable[..., Server]) -> None:
    server = start(settings=ServeSettings(verbatim_quotes=True))
    chat: dict[str, Any] = {"messages": GREETING, "max_tokens": 9}
    for path, asked, is_kept in (
        ("chat/completions", chat, True),
        ("chat/completions", {**chat, "verbatim_quotes": False}, False),
        ("responses", {"input": "Hi"}, True),
        ("messages", chat, True),
        ("completions", {"prompt": "Hi"}, False),
    ):
        assert server.http.post(f"/v1/{path}", json={"model": MODEL, **asked}).status_code == 200
        assert server.runner.engine.samplings[-1].verbatim_quotes == is_kept


def test_several_answers_are_told_apart(shared: Server) -> None:
    answer = shared.client().chat.completions.create(model=MODEL, messages=GREETING, n=3)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert {choice.message.content for choice in answer.choices} == {"Hello there, friend."}
    chunks = list(shared.client().chat.completions.create(model=MODEL, messages=GREETING, n=3, stream=True))
    texts = ["", "", ""]
    for chunk in chunks:
        texts[chunk.choices[0].index] += chunk.choices[0].delta.content or ""
    assert texts == ["Hello there, friend."] * 3
    assert sorted(chunk.choices[0].index for chunk in chunks if chunk.choices[0].finish_reason) == [0, 1, 2]


def test_a_client_that_brings_tools_is_not_served_the_servers(shared: Server) -> None:
    for options in ({"tools": [WEATHER]}, {"tool_choice": "none"}, {"response_format": {"type": "json_object"}}):
        message = shared.client().chat.completions.create(model=MODEL, messages=QUESTION, **options).choices[0].message
        assert "samovar" not in message.model_extra


def test_without_llguidance_tools_may_be_offered_but_not_demanded(
    shared: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(structured, "find_spec", lambda name: None)
    client = shared.client()
    client.chat.completions.create(model=MODEL, messages=GREETING, tools=[WEATHER])
    assert shared.runner.engine.samplings[-1].constraint is None
    for param, options in (
        ("tool_choice", {"tools": [WEATHER], "tool_choice": "required"}),
        ("response_format", {"response_format": {"type": "json_object"}}),
    ):
        with pytest.raises(openai.BadRequestError, match="llguidance") as refused:
            client.chat.completions.create(model=MODEL, messages=GREETING, **options)
        assert refused.value.param == param


def test_an_answer_at_its_limit_says_so(shared: Server) -> None:
    answer = shared.client().chat.completions.create(model=MODEL, messages=GREETING, max_tokens=2)
    assert answer.choices[0].finish_reason == "length"
    assert answer.choices[0].message.content == "Hello"


def test_errors_are_the_clients_own(shared: Server) -> None:
    client = shared.client()
    with pytest.raises(openai.NotFoundError) as missing:
        client.chat.completions.create(model="gpt-4o", messages=GREETING)
    assert (missing.value.code, missing.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "word " * 2000}])
    assert refused.value.code == "context_length_exceeded"
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model=MODEL, messages=GREETING, n=0)
    assert refused.value.param == "n"
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model=MODEL, messages=GREETING, stream=True, max_tokens=0)


def test_an_over_long_prompt_is_an_http_error_in_a_stream_too(shared: Server) -> None:
    messages: Any = [{"role": "user", "content": "word " * 2000}]
    with pytest.raises(openai.BadRequestError) as refused:
        shared.client().chat.completions.create(model=MODEL, messages=messages, stream=True)
    assert refused.value.code == "context_length_exceeded"


def test_a_failure_within_a_stream_is_told_in_it(start: Callable[..., Server]) -> None:
    def script(prompt: str) -> str:
        if "<tool_response>" in prompt:
            raise RuntimeError("a secret of the server")
        return call_text("2+2")

    with pytest.raises(openai.APIError, match="the server failed") as caught:
        list(start(script).client().chat.completions.create(model=MODEL, messages=GREETING, stream=True))
    assert "secret" not in str(caught.value)


def test_keys(start: Callable[..., Server]) -> None:
    server = start(api_key="right")
    assert server.client("right").models.list().data
    for key in ("wrong", "right2", "righ", "r\x69ghT"):
        with pytest.raises(openai.AuthenticationError) as caught:
            server.client(key).chat.completions.create(model=MODEL, messages=GREETING)
        assert caught.value.code == "invalid_api_key"


def test_too_many_at_once_are_told_to_come_again(start: Callable[..., Server]) -> None:
    server = start(lambda _: "x" * 300, pause_s=0.02, settings=ServeSettings(max_requests=1))
    with server.client().chat.completions.create(model=MODEL, messages=GREETING, stream=True) as stream:
        next(iter(stream))
        with pytest.raises(openai.RateLimitError) as caught:
            server.client().chat.completions.create(model=MODEL, messages=GREETING)
        assert caught.value.response.headers["Retry-After"] == "1"
