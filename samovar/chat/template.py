"""Conversations become text by one Jinja template: the one that is stored with the tokenizer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NoReturn

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from samovar.chat.conversation import Message
from samovar.core.errors import DataError
from samovar.tokenizer.template import chat_template

CHAT_TEMPLATE = chat_template()


def render(
    messages: Sequence[Message],
    *,
    template: str = CHAT_TEMPLATE,
    tools: Sequence[Mapping[str, Any]] = (),
    add_generation_prompt: bool = False,
    variables: Mapping[str, Any] | None = None,
) -> str:
    """The text of ``messages``, with the marks of turns; ``variables`` are what else the template knows by name: the
    tokenizer's special tokens, and options.

    What people wrote can look like a mark here: use ``samovar.chat.rows`` to get ids.

    Raises:
        DataError: the template refuses the conversation.
    """
    return render_plain(
        [plain_message(message) for message in messages],
        template=template,
        tools=list(tools),
        add_generation_prompt=add_generation_prompt,
        variables=variables,
    )


def plain_message(message: Message) -> dict[str, Any]:
    """What a template sees of a message: OpenAI's shape, but with the arguments of calls as objects."""
    seen: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.reasoning_content:
        seen["reasoning_content"] = message.reasoning_content
    if message.tool_calls:
        seen["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        seen["tool_call_id"] = message.tool_call_id
    if message.name is not None:
        seen["name"] = message.name
    return seen


def render_plain(
    messages: list[Any],
    *,
    template: str,
    tools: list[Any],
    add_generation_prompt: bool,
    variables: Mapping[str, Any] | None = None,
) -> str:
    """``render`` for messages that are objects already.

    Raises:
        DataError: the template refuses the conversation, or is none.
    """
    if not template:
        raise DataError(
            "the tokenizer has no chat template, so that conversations cannot be written for this model",
            hint="put a chat_template.jinja beside its tokenizer.json",
        )
    try:
        return _compiled(template).render(
            messages=messages, tools=tools or None, add_generation_prompt=add_generation_prompt, **(variables or {})
        )
    # A template is a program: what it does to unforeseen values can fail in any of these ways.
    except (jinja2.TemplateError, TypeError, ValueError, LookupError, ArithmeticError, RecursionError) as error:
        raise DataError(
            f"the chat template cannot write this conversation: {error}", hint="check the order and roles of its turns"
        ) from error


@lru_cache(maxsize=8)
def _compiled(template: str) -> jinja2.Template:
    """The template in the sandbox and with the names that transformers gives it."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, _Generation]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = _strftime_now
    return environment.from_string(template)


class _Generation(Extension):
    """``{% generation %}``, by which some templates mark what the assistant says; the text is as without it."""

    tags = {"generation"}

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """The statements inside."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Jinja's own filter would escape for HTML."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _strftime_now(form: str) -> str:
    return datetime.now().strftime(form)


def _raise_exception(message: str) -> NoReturn:
    raise jinja2.TemplateError(message)
