"""Conversations as the OpenAI API shapes them: messages, tool calls, tool results."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal, NoReturn, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from samovar.core.errors import DataError
from samovar.core.excerpts import shortened

Role = Literal["system", "user", "assistant", "tool"]
ROLES: tuple[str, ...] = get_args(Role)


class ToolCall(BaseModel):
    """One call of a tool that the assistant asks for."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    arguments: dict[str, Any] = {}

    @classmethod
    def from_openai(cls, value: Any) -> ToolCall:
        """Read ``{"id", "type": "function", "function": {"name", "arguments": JSON text or object}}``.

        Raises:
            DataError: the shape is another, or the arguments are not a JSON object.
        """
        function = value.get("function") if isinstance(value, Mapping) else None
        if not isinstance(function, Mapping) or not isinstance(function.get("name"), str) or not function["name"]:
            raise DataError(
                f"a tool call is {short(value)}: it has no function with a name",
                hint='write it as {"id": …, "type": "function", "function": {"name": …, "arguments": "{…}"}}',
            )
        arguments = read_arguments(function.get("arguments"), tool=function["name"])
        return _validated(cls, id=value.get("id") or "", name=function["name"], arguments=arguments)

    def to_openai(self) -> dict[str, Any]:
        """The call in OpenAI's shape: the arguments are JSON text."""
        arguments = json.dumps(self.arguments, ensure_ascii=False)
        return {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": arguments}}


class Message(BaseModel):
    """One turn: what was said, by whom, and which tools were called."""

    model_config = ConfigDict(frozen=True)

    role: Role
    content: str = ""
    reasoning_content: str = ""
    """What the assistant thought before it said so, under the name that open servers and templates have for it."""
    tool_calls: list[ToolCall] = []
    tool_call_id: str | None = None
    name: str | None = None
    weight: float | None = None
    """How much training learns of it, from 0 to 1; None leaves that to the settings. OpenAI's fine-tuning has 0 and 1.
    """

    @classmethod
    def from_openai(cls, value: Any) -> Message:
        """Read a message of the OpenAI API; ``developer`` is read as ``system``, keys that we have no use for are left.

        Raises:
            DataError: an unknown role, content that is not text, or a malformed tool call.
        """
        if not isinstance(value, Mapping):
            raise DataError(f"a message is {short(value)}: it is not an object", hint='write {"role": …, "content": …}')
        role = "system" if value.get("role") == "developer" else value.get("role")
        if role not in ROLES:
            raise DataError(f"a message has the unknown role {short(role)}", hint=f"the roles are {', '.join(ROLES)}")
        calls = value.get("tool_calls") or []
        if not isinstance(calls, list):
            raise DataError(f"tool_calls is {short(calls)}: it is not a list", hint="put each call in a list")
        if calls and role != "assistant":
            raise DataError(f"a message of the role '{role}' has tool_calls", hint="only the assistant calls tools")
        thought = _read_thought(value) if role == "assistant" else ""
        if value.get("content") is None and not calls and not thought:
            raise DataError(f"a message of the role '{role}' has no content", hint='write "content": "…"')
        return _validated(
            cls,
            role=role,
            content=_read_content(value.get("content")),
            reasoning_content=thought,
            tool_calls=[ToolCall.from_openai(call) for call in calls],
            tool_call_id=value.get("tool_call_id"),
            name=value.get("name"),
            weight=_read_weight(value.get("weight")),
        )

    def to_openai(self) -> dict[str, Any]:
        """The message in OpenAI's shape."""
        said: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.reasoning_content:
            said["reasoning_content"] = self.reasoning_content
        if self.tool_calls:
            said["content"] = self.content or None
            said["tool_calls"] = [call.to_openai() for call in self.tool_calls]
        if self.tool_call_id is not None:
            said["tool_call_id"] = self.tool_call_id
        if self.name is not None:
            said["name"] = self.name
        if self.weight is not None:
            said["weight"] = self.weight
        return said


class Conversation(BaseModel):
    """Messages in order, the tools that were offered, and free notes."""

    model_config = ConfigDict(frozen=True)

    messages: list[Message]
    tools: list[dict[str, Any]] = []
    meta: dict[str, Any] = {}

    @classmethod
    def from_openai(cls, value: Any) -> Conversation:
        """Read ``{"messages": […], "tools": […], "meta": {…}}``; other keys are left.

        Raises:
            DataError: no messages, or a malformed one.
        """
        messages = value.get("messages") if isinstance(value, Mapping) else None
        if not isinstance(messages, list) or not messages:
            raise DataError(
                f"a conversation is {short(value)}: it has no list of messages", hint='write {"messages": [{…}, …]}'
            )
        return _validated(
            cls,
            messages=[Message.from_openai(message) for message in messages],
            tools=value.get("tools") or [],
            meta=value.get("meta") or {},
        )

    def to_openai(self) -> dict[str, Any]:
        """The conversation as one JSON-able row; empty tools and notes are left out."""
        row: dict[str, Any] = {"messages": [message.to_openai() for message in self.messages]}
        if self.tools:
            row["tools"] = self.tools
        if self.meta:
            row["meta"] = self.meta
        return row


def read_arguments(value: Any, *, tool: str) -> dict[str, Any]:
    """The arguments of a call of ``tool``, given as an object, as JSON text, or not at all.

    Raises:
        DataError: they are not a JSON object.
    """
    try:
        parsed = load_strict_json(value) if isinstance(value, str) and value.strip() else value or {}
    except ValueError as error:
        raise DataError(
            f"the arguments of a call of '{tool}' are {short(value)}: {error}", hint="they must be a JSON object"
        ) from error
    if not isinstance(parsed, dict):
        raise DataError(
            f"the arguments of a call of '{tool}' are {short(value)}: not an object", hint='write them as {"key": …}'
        )
    return parsed


def load_strict_json(text: str, *, parse_float: Callable[[str], Any] | None = None) -> Any:
    """``text`` as JSON; Python's extra NaN and Infinity are refused, and so is nesting deeper than Python's stack.

    ``parse_float`` makes of numbers with a point or an exponent what else they shall be.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        return json.loads(text, parse_constant=refuse_constant, parse_float=parse_float)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def refuse_constant(name: str) -> NoReturn:
    """For the ``parse_constant`` of json: NaN and Infinity are not JSON."""
    raise ValueError(f"{name} is not JSON")


def _read_content(value: Any) -> str:
    """Plain text, or OpenAI's list of text parts joined."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise DataError(f"content is {short(value)}: it is not text", hint="write it as a string")
    texts: list[str] = []
    for part in value:
        kind = part.get("type") if isinstance(part, Mapping) else None
        if kind != "text":
            raise DataError(
                f"content has a part of the type {short(kind)}: only text is understood", hint="leave the part out"
            )
        if not isinstance(part.get("text"), str):
            raise DataError(
                f"content has a part {short(part)}: it is of the type 'text' and has none",
                hint='write {"type": "text", "text": "…"}',
            )
        texts.append(part["text"])
    return "".join(texts)


def _read_thought(message: Mapping[str, Any]) -> str:
    """What the assistant thought, under either of its two names."""
    thought = message.get("reasoning_content") or message.get("reasoning") or ""
    if not isinstance(thought, str):
        raise DataError(f"reasoning_content is {short(thought)}: it is not text", hint="write it as a string")
    return thought


def _read_weight(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise DataError(f"the weight of a message is {short(value)}", hint="write a number from 0 to 1")
    return float(value)


def _validated(kind: type[Any], **fields: Any) -> Any:
    try:
        return kind(**fields)
    except ValidationError as error:
        issue = error.errors()[0]
        where = ".".join(str(part) for part in issue["loc"])
        raise DataError(
            f"{where} of a {kind.__name__.lower()} is {short(issue['input'])}: {issue['msg']}",
            hint="see the OpenAI API's chat messages for the shape",
        ) from error


def short(value: Any) -> str:
    """``value`` for an error message: one printable line of at most 80 characters."""
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return shortened(text, 80)
