from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samovar.chat.conversation import Conversation, Message, ToolCall
from samovar.chat.parse import parse_assistant
from samovar.chat.template import render
from samovar.core.errors import DataError

CALL = '<tool_call>\n{"name": "calculator", "arguments": {"expression": "17*24"}}\n</tool_call>'
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def said(message: Message) -> str:
    """What a model must write to say ``message``."""
    return render([message]).removeprefix("<|im_start|>assistant\n").removesuffix("<|im_end|>\n")


def test_every_assistant_turn_comes_back_from_its_text(conversation: Conversation) -> None:
    for message in conversation.messages:
        if message.role == "assistant":
            back = parse_assistant(said(message))
            assert back.content == message.content
            assert [(call.name, call.arguments) for call in back.tool_calls] == [
                (call.name, call.arguments) for call in message.tool_calls
            ]


@given(
    content=st.text().filter(lambda text: "<tool_call>" not in text),
    calls=st.lists(st.tuples(st.text(min_size=1), st.dictionaries(st.text(), JSON, max_size=3)), max_size=3),
)
def test_any_call_comes_back(content: str, calls: list[tuple[str, dict]]) -> None:
    message = Message(
        role="assistant",
        content=content,
        tool_calls=[ToolCall(id=f"call_{n}", name=name, arguments=given) for n, (name, given) in enumerate(calls)],
    )
    assert parse_assistant(said(message)) == message


def test_a_closing_mark_inside_an_argument_is_part_of_it() -> None:
    call = ToolCall(id="call_0", name="write", arguments={"text": "</tool_call> <tool_call>{}"})
    message = Message(role="assistant", content="", tool_calls=[call])
    assert parse_assistant(said(message)) == message


def test_ids_take_the_prefix() -> None:
    assert [call.id for call in parse_assistant(CALL + CALL, id_prefix="r2_").tool_calls] == ["r2_0", "r2_1"]


@pytest.mark.parametrize("arguments", ['"{\\"expression\\": \\"17*24\\"}"', '{"expression": "17*24"}'])
def test_arguments_may_be_text(arguments: str) -> None:
    message = parse_assistant(f'<tool_call>{{"name": "calculator", "arguments": {arguments}}}</tool_call>')
    assert message.tool_calls[0].arguments == {"expression": "17*24"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Just words.",
        "<tool_call>",
        "<tool_call></tool_call>",
        '<tool_call>\n{"name": "calculator", "arguments": {"expression": "17',
        '<tool_call>\n{"name": "calculator", "arguments": {}}',
        '<tool_call>\n{"name": "calculator", "arguments": {}} and more\n</tool_call>',
        '<tool_call>\n{"name": 3, "arguments": {}}\n</tool_call>',
        '<tool_call>\n{"name": "", "arguments": {}}\n</tool_call>',
        '<tool_call>\n{"arguments": {}}\n</tool_call>',
        '<tool_call>\n{"name": "f", "arguments": [1]}\n</tool_call>',
        '<tool_call>\n{"name": "f", "arguments": {"a": NaN}}\n</tool_call>',
        '<tool_call>\n["name"]\n</tool_call>',
        "<tool_call>" + "[" * 100_000,
        "</tool_call> before <tool_call>",
    ],
)
def test_what_is_no_call_stays_in_the_content(text: str) -> None:
    assert parse_assistant(text) == Message(role="assistant", content=text)


def test_a_call_after_a_broken_one_is_found() -> None:
    message = parse_assistant("<tool_call>\n{broken}\n</tool_call>\n" + CALL)
    assert message.content == "<tool_call>\n{broken}\n</tool_call>"
    assert [call.name for call in message.tool_calls] == ["calculator"]


PIECES = ["<tool_call>", "</tool_call>", CALL, '{"name": "f"', ', "arguments": {}}', "\n", "{", "}", '"', "\\u", "x"]


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(text=st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=15).map("".join))
def test_nothing_that_a_model_writes_raises(text: str) -> None:
    try:
        message = parse_assistant(text)
    except DataError as error:  # pragma: no cover
        raise AssertionError(text) from error
    assert message.role == "assistant"
    assert len(message.tool_calls) <= text.count("<tool_call>")
