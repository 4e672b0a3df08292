"""The forms in which conversations are handed around, told apart by their keys and read without registration.

OpenAI: ``{"messages": [{"role", "content"}, …]}``. ShareGPT: ``{"conversations": [{"from", "value"}, …]}``, tools
called by turns of ``function_call`` and answered by ``observation``. Alpaca: ``{"instruction", "input", "output"}`` (or
``response``), earlier turns in ``history``. And a bare ``{"prompt", "completion"}``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from samovar.chat.conversation import Conversation, Message, ToolCall, load_strict_json, read_arguments, short
from samovar.core.errors import DataError

_SPEAKERS = {
    "human": "user", "user": "user", "prompter": "user",
    "gpt": "assistant", "assistant": "assistant", "bot": "assistant", "chatgpt": "assistant", "model": "assistant",
    "function_call": "assistant",
    "observation": "tool", "tool": "tool", "function_response": "tool", "function": "tool",
    "system": "system",
}  # fmt: skip
_FORMS = 'write {"messages": […]}, {"conversations": […]}, or {"instruction": …, "output": …}'


def read_conversation(value: Any) -> Conversation:
    """The conversation that a row of any of the forms is.

    Raises:
        DataError: it is of none of them, or malformed.
    """
    if isinstance(value, Mapping):
        if "conversations" in value and "messages" not in value:
            return sharegpt(value)
        if "instruction" in value and ("output" in value or "response" in value):
            return alpaca(value)
        if "prompt" in value and "completion" in value:
            return _whole(read_turns(value["prompt"]) + read_turns(value["completion"], role="assistant"), value)
    return Conversation.from_openai(value)


def read_turns(value: Any, *, role: str = "user") -> list[Message]:
    """Messages given as text (of ``role``), as one message, or as a list of them, in OpenAI's or ShareGPT's keys.

    Raises:
        DataError: they are something else.
    """
    if isinstance(value, str):
        return [Message.from_openai({"role": role, "content": value})]
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list):
        raise DataError(f"turns are {short(value)}: neither text nor messages", hint="write a string or a list")
    messages: list[Message] = []
    for turn in value:
        messages.append(_sharegpt_turn(turn, messages) if _is_sharegpt(turn) else Message.from_openai(turn))
    return messages


def sharegpt(value: Mapping[str, Any]) -> Conversation:
    """A row of ShareGPT; ``system`` and ``tools`` may stand beside the turns.

    Raises:
        DataError: it has no turns, or a speaker is unknown.
    """
    turns = value["conversations"]
    if not isinstance(turns, list) or not turns:
        raise DataError(f"conversations is {short(turns)}: it is no list of turns", hint=_FORMS)
    return _whole(_system(value) + read_turns(turns), value)


def alpaca(value: Mapping[str, Any]) -> Conversation:
    """A row of Alpaca.

    Raises:
        DataError: a part of it is not text.
    """
    answer = _text(value, "output" if "output" in value else "response")
    return _whole([*alpaca_prompt(value), Message(role="assistant", content=answer)], value)


def alpaca_prompt(value: Mapping[str, Any]) -> list[Message]:
    """What stands before the answer of a row of Alpaca: the instruction, and its input below it.

    Raises:
        DataError: a part of it is not text.
    """
    asked = "\n\n".join(filter(None, [_text(value, "instruction"), _text(value, "input")]))
    messages = _system(value)
    for turn in value.get("history") or ():
        if not (isinstance(turn, list) and len(turn) == 2 and all(isinstance(part, str) for part in turn)):
            raise DataError(f"a turn of history is {short(turn)}", hint="write [question, answer]")
        messages += [Message(role="user", content=turn[0]), Message(role="assistant", content=turn[1])]
    return [*messages, Message(role="user", content=asked)]


def read_tools(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The tools of a row, which may be JSON text, and bare functions.

    Raises:
        DataError: they are no list of objects.
    """
    tools = value.get("tools") or []
    if isinstance(tools, str):
        try:
            tools = load_strict_json(tools)
        except ValueError as error:
            raise DataError(f"tools is {short(tools)}: {error}", hint="write a JSON list") from error
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise DataError(f"tools is {short(tools)}: no list of objects", hint="write a JSON list of functions")
    return [tool if "function" in tool else {"type": "function", "function": tool} for tool in tools]


def _is_sharegpt(turn: Any) -> bool:
    return isinstance(turn, Mapping) and "from" in turn and "value" in turn


def _sharegpt_turn(turn: Mapping[str, Any], before: list[Message]) -> Message:
    speaker = _SPEAKERS.get(str(turn["from"]))
    if speaker is None:
        raise DataError(f"a turn is from {short(turn['from'])}", hint=f"known speakers: {', '.join(_SPEAKERS)}")
    said: dict[str, Any] = {"role": speaker, "content": turn["value"], "weight": turn.get("weight")}
    if turn["from"] == "function_call":
        calls = _calls(turn["value"], first=sum(len(message.tool_calls) for message in before))
        return Message.from_openai(said | {"content": None, "tool_calls": [call.to_openai() for call in calls]})
    if speaker == "tool" and not isinstance(turn["value"], str):
        said["content"] = json.dumps(turn["value"], ensure_ascii=False)
    if speaker == "tool" and (call := _answered_call(before)) is not None:
        said |= {"tool_call_id": call.id, "name": call.name}
    return Message.from_openai(said)


def _answered_call(before: list[Message]) -> ToolCall | None:
    """The call that a result behind these messages is of: of several calls, results come in their order."""
    results = 0
    for message in reversed(before):
        if message.tool_calls:
            return message.tool_calls[min(results, len(message.tool_calls) - 1)]
        results += message.role == "tool"
    return None


def _calls(value: Any, *, first: int) -> list[ToolCall]:
    """One call or several, as JSON text or objects with a name and arguments."""
    try:
        found = load_strict_json(value) if isinstance(value, str) else value
    except ValueError as error:
        raise DataError(f"a function_call is {short(value)}: {error}", hint='write {"name", "arguments"}') from error
    calls = []
    for number, call in enumerate(found if isinstance(found, list) else [found], first):
        if not isinstance(call, Mapping) or not isinstance(call.get("name"), str):
            raise DataError(f"a function_call is {short(value)}: it has no name", hint='write {"name", "arguments"}')
        arguments = read_arguments(call.get("arguments"), tool=call["name"])
        calls.append(ToolCall(id=f"call_{number}", name=call["name"], arguments=arguments))
    return calls


def _whole(messages: list[Message], value: Mapping[str, Any]) -> Conversation:
    meta = value.get("meta")
    return Conversation(messages=messages, tools=read_tools(value), meta=meta if isinstance(meta, dict) else {})


def _system(value: Mapping[str, Any]) -> list[Message]:
    text = _text(value, "system")
    return [Message(role="system", content=text)] if text else []


def _text(value: Mapping[str, Any], key: str) -> str:
    text = value.get(key) or ""
    if not isinstance(text, str):
        raise DataError(f"{key} is {short(text)}: it is not text", hint="write it as a string")
    return text
