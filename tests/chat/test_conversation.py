from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionMessage

from samovar.chat.conversation import Conversation, Message, ToolCall, load_strict_json
from samovar.core.errors import DataError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NEAR_MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["system", "user", "assistant", "tool", "developer", "function"]) | JSON,
        "content": JSON,
        "tool_calls": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "id": JSON,
                    "function": st.fixed_dictionaries({}, optional={"name": JSON, "arguments": JSON}),
                },
            )
            | JSON
        )
        | JSON,
        "tool_call_id": JSON,
        "name": JSON,
    },
)


def test_a_conversation_comes_back_from_the_openai_shape(conversation: Conversation) -> None:
    through_json = json.loads(json.dumps(conversation.to_openai()))
    assert Conversation.from_openai(through_json) == conversation


def test_openai_reads_what_we_write(conversation: Conversation) -> None:
    for message in conversation.messages:
        if message.role == "assistant":
            theirs = ChatCompletionMessage.model_validate(message.to_openai())
            assert theirs.content == (message.content or None)
            for call, ours in zip(theirs.tool_calls or [], message.tool_calls, strict=True):
                assert call.type == "function"
                assert json.loads(call.function.arguments) == ours.arguments
            # What the client hands back has more keys than we know.
            assert Message.from_openai(theirs.model_dump()) == message


def test_written_by_hand() -> None:
    call = ToolCall(id="x", name="calculator", arguments={"expression": "1+1"})
    assert Message(role="assistant", tool_calls=[call]).to_openai() == {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "x", "type": "function", "function": {"name": "calculator", "arguments": '{"expression": "1+1"}'}}
        ],
    }
    assert Message(role="tool", content="2", tool_call_id="x").to_openai() == {
        "role": "tool",
        "content": "2",
        "tool_call_id": "x",
    }


def test_text_parts_are_joined_and_developer_is_system() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert Message.from_openai({"role": "developer", "content": parts}) == Message(role="system", content="ab")


@pytest.mark.parametrize("arguments", ['{"a": 1}', {"a": 1}])
def test_arguments_may_be_text_or_an_object(arguments: object) -> None:
    call = ToolCall.from_openai({"id": "x", "function": {"name": "f", "arguments": arguments}})
    assert call.arguments == {"a": 1}


@pytest.mark.parametrize("arguments", [None, "", "{}", {}])
def test_a_call_may_have_no_arguments(arguments: object) -> None:
    assert ToolCall.from_openai({"id": "x", "function": {"name": "f", "arguments": arguments}}).arguments == {}


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("hello", "not an object"),
        ({"content": "x"}, "unknown role None"),
        ({"role": "boss", "content": "x"}, "unknown role 'boss'"),
        ({"role": ["user"], "content": "x"}, "unknown role"),
        ({"role": "user"}, "has no content"),
        ({"role": "assistant", "content": None}, "has no content"),
        ({"role": "user", "content": 3}, "it is not text"),
        ({"role": "user", "content": [{"type": "image_url", "image_url": {}}]}, "a part of the type 'image_url'"),
        ({"role": "user", "content": "x", "tool_calls": [{}]}, "has tool_calls"),
        ({"role": "assistant", "tool_calls": {}, "content": None}, "has no content"),
        ({"role": "assistant", "tool_calls": "x", "content": ""}, "not a list"),
        ({"role": "assistant", "tool_calls": [{}]}, "no function with a name"),
        ({"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "[1]"}}]}, "not an object"),
        (
            {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{"}}]},
            "arguments of a call of 'f'",
        ),
        (
            {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": '{"a": NaN}'}}]},
            "NaN is not JSON",
        ),
        ({"role": "user", "content": "x", "name": 7}, "name of a message is 7"),
    ],
)
def test_a_wrong_message_is_named(value: object, what: str) -> None:
    with pytest.raises(DataError) as caught:
        Message.from_openai(value)
    assert what in caught.value.what
    assert caught.value.hint


@pytest.mark.parametrize("value", [None, [], {}, {"messages": []}, {"messages": "x"}, {"messages": [1]}])
def test_a_wrong_conversation_is_named(value: object) -> None:
    with pytest.raises(DataError):
        Conversation.from_openai(value)


def test_wrong_tools_are_named() -> None:
    with pytest.raises(DataError, match="tools"):
        Conversation.from_openai({"messages": [{"role": "user", "content": "x"}], "tools": ["calculator"]})


@given(value=NEAR_MESSAGES | JSON)
def test_any_value_is_a_message_or_a_data_error(value: object) -> None:
    try:
        message = Message.from_openai(value)
    except DataError:
        return
    assert Message.from_openai(message.to_openai()) == message


def test_deep_json_is_refused() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        load_strict_json("[" * 200_000)
