"""Conversations in the forms of others, read without registration."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from samovar.chat.conversation import Conversation
from samovar.chat.forms import read_conversation
from samovar.chat.read import read_conversations
from samovar.core.errors import DataError

OPENAI = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}]}
SHAREGPT = {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello!"}]}
ALPACA = {"instruction": "Hi", "input": "", "output": "Hello!"}
RESPONSE = {"instruction": "Hi", "input": "", "response": "Hello!"}
PROMPT = {"prompt": "Hi", "completion": "Hello!"}


@pytest.mark.parametrize("row", [OPENAI, SHAREGPT, ALPACA, RESPONSE, PROMPT])
def test_one_conversation_in_every_form(row: dict[str, Any]) -> None:
    assert read_conversation(row) == read_conversation(OPENAI)


def test_alpaca_has_an_input_a_system_and_earlier_turns() -> None:
    found = read_conversation(
        {"system": "Be brief.", "instruction": "Add.", "input": "1+1", "output": "2", "history": [["Hi", "Hello!"]]}
    )
    assert [(one.role, one.content) for one in found.messages] == [
        ("system", "Be brief."), ("user", "Hi"), ("assistant", "Hello!"), ("user", "Add.\n\n1+1"), ("assistant", "2"),
    ]  # fmt: skip


def test_sharegpt_calls_tools() -> None:
    tools = [{"name": "search", "parameters": {"type": "object"}}]
    found = read_conversation(
        {
            "system": "You have tools.",
            "tools": json.dumps(tools),
            "conversations": [
                {"from": "human", "value": "Find tea."},
                {"from": "function_call", "value": '{"name": "search", "arguments": {"what": "tea"}}'},
                {"from": "observation", "value": '{"found": 3}'},
                {"from": "gpt", "value": "Three.", "weight": 0},
            ],
        }
    )
    assert found.tools == [{"type": "function", "function": tools[0]}]
    system, _, call, result, answer = found.messages
    assert system.role == "system"
    assert (call.tool_calls[0].name, call.tool_calls[0].arguments) == ("search", {"what": "tea"})
    assert (result.role, result.tool_call_id, result.content) == ("tool", call.tool_calls[0].id, '{"found": 3}')
    assert answer.weight == 0.0


def test_results_of_several_calls_are_told_apart_and_a_call_may_be_weighed() -> None:
    calls = json.dumps([{"name": name, "arguments": {}} for name in ("one", "two")])
    turns = [
        {"from": "human", "value": "Both."},
        {"from": "function_call", "value": calls, "weight": 0},
        {"from": "observation", "value": "1"},
        {"from": "observation", "value": "2"},
        {"from": "function_call", "value": '{"name": "three"}'},
        {"from": "observation", "value": "3"},
    ]
    _, both, *found = read_conversation({"conversations": turns}).messages
    results = [(one.tool_call_id, one.name, one.content) for one in found if one.role == "tool"]
    assert results == [("call_0", "one", "1"), ("call_1", "two", "2"), ("call_2", "three", "3")]
    assert both.weight == 0.0


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"conversations": []}, "no list of turns"),
        ({"conversations": [{"from": "boss", "value": "x"}]}, "from 'boss'"),
        ({"conversations": [{"from": "function_call", "value": "{"}]}, "a function_call is"),
        ({"instruction": 3, "output": "x"}, "instruction is 3"),
        ({"instruction": "x", "output": "y", "history": ["z"]}, "a turn of history is 'z'"),
        ({"prompt": 5, "completion": "x"}, "turns are 5"),
        (OPENAI | {"tools": 5}, "tools"),
        ({"messages": [{"role": "assistant", "content": "x", "weight": 2}]}, "the weight of a message is 2"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "of the type 'image_url': only text is"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "value": "x"}]}]}, "type 'text' and has none"),
        ([], "no list of messages"),
    ],
)
def test_what_is_malformed_is_named(row: Any, what: str) -> None:
    with pytest.raises(DataError) as caught:
        read_conversation(row)
    assert what in str(caught.value)


def test_a_json_array_gzip_and_parquet_are_read_as_well(tmp_path: Path) -> None:
    rows = [OPENAI, OPENAI]
    (tmp_path / "a.json").write_text(json.dumps(rows), encoding="utf-8")
    with gzip.open(tmp_path / "b.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "c.parquet")
    expected = [Conversation.from_openai(row) for row in rows]
    for name in ("a.json", "b.jsonl.gz", "c.parquet"):
        assert list(read_conversations(tmp_path / name)) == expected
    (tmp_path / "d.parquet").write_bytes(b"not one")
    with pytest.raises(DataError, match="is not Parquet"):
        list(read_conversations(tmp_path / "d.parquet"))
    (tmp_path / "e.json").write_text(json.dumps([OPENAI, {"messages": []}]))
    with pytest.raises(DataError, match=r"e\.json, row 2: "):
        list(read_conversations(tmp_path / "e.json"))
