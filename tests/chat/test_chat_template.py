from __future__ import annotations

import pytest

from samovar.chat.conversation import Conversation, Message
from samovar.chat.template import CHAT_TEMPLATE, render
from samovar.core.errors import DataError
from samovar.tokenizer.tokenizer import Tokenizer

EXPECTED = """\
<|im_start|>system
You are Samovar.

# Tools
<tools>
{"type": "function", "function": {"name": "calculator", "description": "Считает <b>", "parameters": \
{"type": "object", "properties": {"expression": {"type": "string"}}, "required": ["expression"]}}}
</tools>
To use one, write:
<tool_call>
{"name": its name, "arguments": {its arguments}}
</tool_call><|im_end|>
<|im_start|>user
Сколько будет 17*24?<|im_end|>
<|im_start|>assistant
Let me see.
<tool_call>
{"name": "calculator", "arguments": {"expression": "17*24"}}
</tool_call>
<tool_call>
{"name": "calculator", "arguments": {"выражение": "a\\"b\\n", "n": [1, 2.5, null]}}
</tool_call><|im_end|>
<|im_start|>user
<tool_response>
408
</tool_response>
<tool_response>
error
</tool_response><|im_end|>
<|im_start|>assistant
408.<|im_end|>
<|im_start|>user
Thanks<|im_end|>
<|im_start|>assistant
<tool_call>
{"name": "clock", "arguments": {}}
</tool_call><|im_end|>
<|im_start|>user
<tool_response>
12:00
</tool_response><|im_end|>
<|im_start|>assistant
It is noon.
<|im_end|>
"""


def test_every_shape_is_written_as_by_hand(conversation: Conversation) -> None:
    assert render(conversation.messages, tools=conversation.tools) == EXPECTED


def test_the_generation_prompt_is_the_header_of_the_assistant() -> None:
    messages = [Message(role="user", content="Hi")]
    assert render(messages, add_generation_prompt=True) == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"


def test_no_system_turn_is_added_and_one_within_stays_in_its_place() -> None:
    messages = [Message(role="user", content="Hi"), Message(role="system", content="Be brief.")]
    assert render(messages) == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>system\nBe brief.<|im_end|>\n"


def test_tools_make_a_system_turn_where_there_is_none(tools: list[dict]) -> None:
    text = render([Message(role="user", content="Hi")], tools=tools)
    assert text.startswith("<|im_start|>system\n# Tools\n<tools>\n{")
    assert text.count("<|im_start|>") == 2


def test_a_template_that_refuses_or_fails_is_a_data_error() -> None:
    messages = [Message(role="user", content="Hi")]
    with pytest.raises(DataError, match="roles must alternate"):
        render(messages, template="{{ raise_exception('roles must alternate') }}")
    with pytest.raises(DataError, match="cannot write"):
        render(messages, template="{{ messages[0].content + 1 }}")
    with pytest.raises(DataError, match="cannot write"):
        render(messages, template="{% if %}")
    with pytest.raises(DataError, match="no chat template"):
        render(messages, template="")


def test_a_template_cannot_leave_its_sandbox() -> None:
    messages = [Message(role="user", content="Hi")]
    with pytest.raises(DataError, match="unsafe"):
        render(messages, template="{{ messages.__class__.__mro__[1].__subclasses__() }}")
    with pytest.raises(DataError, match="unsafe"):
        render(messages, template="{{ messages.append(1) }}")


def test_the_template_is_the_tokenizers_own(tokenizer: Tokenizer) -> None:
    assert tokenizer.chat_template == CHAT_TEMPLATE
