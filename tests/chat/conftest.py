from __future__ import annotations

import pytest

from samovar.chat.conversation import Conversation, Message, ToolCall
from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.tokenizer.train import train_tokenizer

TEXTS = [
    "A cat sat on the mat and looked at the river; it didn't move for 1234 seconds.\n\n  Then it ran.",
    "Кошка сидела на коврике и смотрела на реку; она не двигалась 1234 секунды.\n\tПотом она побежала.",
    'user\nassistant\nsystem\n{"name": "calculator", "arguments": {"expression": "17*24"}}\n',
] * 4


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return train_tokenizer(TEXTS, TokenizerSettings(vocab_size=400))


@pytest.fixture
def tools() -> list[dict]:
    parameters = {"type": "object", "properties": {"expression": {"type": "string"}}, "required": ["expression"]}
    return [
        {"type": "function", "function": {"name": "calculator", "description": "Считает <b>", "parameters": parameters}}
    ]


@pytest.fixture
def conversation(tools: list[dict]) -> Conversation:
    """Every shape that the template knows: a system turn, tools, two calls at once, results, several turns."""
    return Conversation(
        messages=[
            Message(role="system", content="You are Samovar."),
            Message(role="user", content="Сколько будет 17*24?"),
            Message(
                role="assistant",
                content="Let me see.",
                tool_calls=[
                    ToolCall(id="call_0", name="calculator", arguments={"expression": "17*24"}),
                    ToolCall(id="call_1", name="calculator", arguments={"выражение": 'a"b\n', "n": [1, 2.5, None]}),
                ],
            ),
            Message(role="tool", content="408", tool_call_id="call_0"),
            Message(role="tool", content="error", tool_call_id="call_1"),
            Message(role="assistant", content="408."),
            Message(role="user", content="Thanks"),
            Message(role="assistant", tool_calls=[ToolCall(id="call_2", name="clock")]),
            Message(role="tool", content="12:00", tool_call_id="call_2"),
            Message(role="assistant", content="It is noon.\n"),
        ],
        tools=tools,
    )
