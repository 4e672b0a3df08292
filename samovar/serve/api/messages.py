"""POST /v1/messages and /v1/messages/count_tokens, in Anthropic's form."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from samovar.agent.agent import with_system
from samovar.agent.answer import ToolUse
from samovar.agent.events import Event
from samovar.chat.conversation import Message, ToolCall
from samovar.chat.rows import prompt_ids
from samovar.chat.thought import Options
from samovar.engine.request import Sampling
from samovar.serve.api.begun import check_begun
from samovar.serve.api.event_stream import EventStream, Primed, line, primed
from samovar.serve.api.message_reply import MessageReply
from samovar.serve.api.tool_use import plan_answer
from samovar.serve.disconnect import until_client_leaves
from samovar.serve.errors import error_event
from samovar.serve.service import AsciiJson, Events, Service, naming_param, read_content
from samovar.serve.shapes.body import Drawing, read_as
from samovar.serve.shapes.messages import (
    AnthropicMessage,
    Block,
    CountTokensRequest,
    InputTurn,
    MessagesRequest,
    NamedChoice,
    TextBlock,
    ThoughtBlock,
    TokenCount,
    ToolResultBlock,
    ToolUseBlock,
)

_CHOICES = {"auto": "auto", "any": "required", "none": "none", "tool": "auto"}


@dataclass(slots=True)
class Messages:
    """Answers conversations as Anthropic's API does."""

    service: Service

    async def respond(self, request: Request) -> Response:
        """One message, or a stream of events."""
        asked = read_as(MessagesRequest, await read_content(request))
        self.service.check_model(asked.model)
        drawing = Drawing(
            temperature=asked.temperature, top_p=asked.top_p, top_k=asked.top_k, stop=asked.stop_sequences
        )
        sampling, use = self._plan(asked, self.service.speaking(asked.model, drawing, asked.max_tokens))
        messages, prefix = self._conversation(asked)
        events = self.service.answers(
            messages,
            sampling,
            use,
            options=self._options(asked),
            max_thought_tokens=asked.thinking.budget_tokens if asked.thinking else None,
            begun=prefix,
        )
        reply = MessageReply(asked.model)
        with naming_param("messages"):
            if not asked.stream:
                return AsciiJson(await until_client_leaves(request, _whole(events, reply)))
            begun = await until_client_leaves(request, primed(events))
        return EventStream(_lines(begun, reply), begun)

    async def count_tokens(self, request: Request) -> Response:
        """The tokens that a prompt would have."""
        asked = read_as(CountTokensRequest, await read_content(request))
        self.service.check_model(asked.model)
        _, use = self._plan(asked, Sampling())
        messages, prefix = self._conversation(asked)
        ids = await asyncio.to_thread(
            prompt_ids,
            messages,
            self.service.tokenizer,
            tools=use.offered,
            options=self._options(asked),
            begun=prefix,
            thinks=not prefix,
        )
        count: TokenCount = {"input_tokens": len(ids)}
        return AsciiJson(count)

    def _conversation(self, asked: CountTokensRequest) -> tuple[list[Message], str]:
        """All that the model has before it: whole messages, and what of its answer is given."""
        begun = begun_answer(asked)
        given = asked.messages[:-1] if asked.messages[-1].role == "assistant" else asked.messages
        return with_system(conversation(asked.system, given), self.service.settings.system), begun

    def _options(self, asked: CountTokensRequest) -> Options:
        effort = None if asked.thinking is None else "none" if asked.thinking.type == "disabled" else "medium"
        return self.service.template_options(effort, param="thinking")

    def _plan(self, asked: CountTokensRequest, sampling: Sampling) -> tuple[Sampling, ToolUse]:
        choice = asked.tool_choice
        wanted = asked.output_config.format if asked.output_config else None
        return plan_answer(
            self.service,
            sampling,
            tools=[
                {
                    "type": "function",
                    "function": {
                        "name": tool.name,
                        **({"description": tool.description} if tool.description else {}),
                        "parameters": tool.input_schema,
                    },
                }
                for tool in asked.tools
            ]
            if asked.tools
            else None,
            choice=_CHOICES[choice.type] if choice else None,
            named=choice.name if isinstance(choice, NamedChoice) else None,
            is_parallel=not (choice and choice.disable_parallel_tool_use),
            has_format=wanted is not None,
            schema=wanted.schema_ if wanted else None,
        )


def begun_answer(asked: CountTokensRequest) -> str:
    """The last message where it is the assistant's, whose answer goes on from it; else nothing.

    Raises:
        RequestError: it has calls, it ends with white space, or the answer is to be of a form.
    """
    last = asked.messages[-1]
    if last.role != "assistant":
        return ""
    blocks = [] if isinstance(last.content, str) else last.content
    begun = last.content if isinstance(last.content, str) else _said(last.content)
    check_begun(
        begun,
        param=f"messages[{len(asked.messages) - 1}]",
        has_calls=any(isinstance(block, ToolUseBlock) for block in blocks),
        has_format=asked.output_config is not None and asked.output_config.format is not None,
    )
    return begun


def conversation(system: str | Sequence[TextBlock] | None, turns: Sequence[InputTurn]) -> list[Message]:
    """The messages in our terms: results of calls are turns of their own, before what the user says beside them."""
    messages = [Message(role="system", content=_text(system))] if system else []
    for turn in turns:
        messages += _turns(turn)
    return messages


def _turns(turn: InputTurn) -> list[Message]:
    if isinstance(turn.content, str):
        return [Message(role=turn.role, content=turn.content)]
    said = _said(turn.content)
    if turn.role == "assistant":
        calls = [
            ToolCall(id=block.id, name=block.name, arguments=block.input)
            for block in turn.content
            if isinstance(block, ToolUseBlock)
        ]
        thought = "\n\n".join(block.thinking for block in turn.content if isinstance(block, ThoughtBlock))
        return [Message(role="assistant", content=said, reasoning_content=thought, tool_calls=calls)]
    results = [
        Message(role="tool", content=_text(block.content or ""), tool_call_id=block.tool_use_id)
        for block in turn.content
        if isinstance(block, ToolResultBlock)
    ]
    return [*results, Message(role="user", content=said)] if said or not results else results


def _said(content: Sequence[Block]) -> str:
    return "".join(block.text for block in content if isinstance(block, TextBlock))


def _text(content: str | Sequence[TextBlock]) -> str:
    return content if isinstance(content, str) else "".join(block.text for block in content)


async def _whole(events: Events, reply: MessageReply) -> AnthropicMessage:
    async with aclosing(events):
        async for _, event in events:
            for _ in reply.take(event):
                pass
    return reply.message


async def _lines(events: Primed[tuple[int, Event]], reply: MessageReply) -> AsyncGenerator[str, None]:
    try:
        async for _, event in events:
            for told in reply.take(event):
                yield line(told, told["type"])
    except Exception as error:
        yield error_event(error)
