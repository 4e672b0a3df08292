"""/v1/responses: the conversation comes with each request, or is gone on from a response that was kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from samovar.agent.answer import ToolUse
from samovar.agent.events import Event
from samovar.chat.conversation import Message, ToolCall, read_arguments
from samovar.core.errors import DataError, RequestError
from samovar.engine.request import Sampling
from samovar.serve.api.event_stream import EventStream, Primed, line, primed
from samovar.serve.api.input_items import items_of, page_of
from samovar.serve.api.response_reply import ResponseReply
from samovar.serve.api.tool_use import plan_answer
from samovar.serve.context import current_owner
from samovar.serve.disconnect import until_client_leaves
from samovar.serve.errors import log_failure, note_error
from samovar.serve.kept_responses import KeptResponses
from samovar.serve.service import AsciiJson, Events, Service, naming_param, read_content
from samovar.serve.shapes.body import read_as, read_query
from samovar.serve.shapes.input_items import ItemQuery
from samovar.serve.shapes.responses import (
    GoneResponse,
    InputCall,
    InputMessage,
    InputResult,
    InputText,
    InputThought,
    NamedResponseTool,
    PlainFormat,
    ReasoningText,
    ResponseObject,
    ResponseRequest,
    SchemaFormat,
)


@dataclass(slots=True)
class Responses:
    """Answers conversations in the form of OpenAI's newer API."""

    service: Service

    async def respond(self, request: Request) -> Response:
        """One response, or a stream of events."""
        asked = read_as(ResponseRequest, await read_content(request))
        self.service.check_model(asked.model)
        sampling, use = self._plan(asked)
        turn = conversation(asked.input)
        messages = [*_system(asked.instructions), *await self._earlier(asked), *turn]
        reply = ResponseReply(asked.model, self.service.tokenizer, asked, sampling)
        effort = asked.reasoning.effort if asked.reasoning else None
        options = self.service.template_options(effort, param="reasoning")
        events = self.service.answers(messages, sampling, use, options=options)

        async def keep() -> None:
            if asked.store:
                told, previous = {**reply.response}, asked.previous_response_id
                kept, owner = self._kept(), current_owner()
                await asyncio.to_thread(kept.keep, owner, told, turn, reply.said, previous=previous)

        with naming_param("input"):
            if not asked.stream:
                return AsciiJson(await until_client_leaves(request, _whole(events, reply, keep)))
            begun = await until_client_leaves(request, primed(events))
        return EventStream(_lines(begun, reply, keep), begun)

    async def show(self, request: Request) -> Response:
        """A response that was kept."""
        told = await asyncio.to_thread(self._kept().read, current_owner(), request.path_params["id"])
        return AsciiJson(told)

    async def list_input(self, request: Request) -> Response:
        """What the model had before it when it made a response that was kept."""
        asked = read_query(ItemQuery, request.query_params)
        messages = await asyncio.to_thread(self._kept().asked, current_owner(), request.path_params["id"])
        return AsciiJson(page_of(items_of(messages), asked))

    async def delete(self, request: Request) -> Response:
        """Forget a response, for good."""
        response_id = request.path_params["id"]
        await asyncio.to_thread(self._kept().delete, current_owner(), response_id)
        reply: GoneResponse = {"id": response_id, "object": "response", "deleted": True}
        return JSONResponse(reply)

    async def _earlier(self, asked: ResponseRequest) -> list[Message]:
        """What was said up to the response that is gone on from.

        Raises:
            RequestError: it is not kept, or nothing is.
        """
        if asked.store:
            self._kept()  # refused before the model has worked for it
        if asked.previous_response_id is None:
            return []
        kept = self._kept("previous_response_id")
        return await asyncio.to_thread(kept.conversation, current_owner(), asked.previous_response_id)

    def _kept(self, param: str = "store") -> KeptResponses:
        if self.service.store is None:
            raise RequestError(
                "this server keeps no responses",
                hint="send the whole conversation as input, or set serve.keep_chats to true",
                code="unsupported_value",
                param=param,
            )
        settings = self.service.settings
        return KeptResponses(self.service.store, settings.response_days, settings.max_responses)

    def _plan(self, asked: ResponseRequest) -> tuple[Sampling, ToolUse]:
        sampling = self.service.speaking(asked.model, asked, asked.max_output_tokens)
        if asked.include or asked.top_logprobs:
            sampling = replace(sampling, logprobs=asked.top_logprobs or 0)
        wanted = asked.text.format if asked.text else None
        fields = {"name", "description", "parameters", "strict"}
        tools = [
            {"type": "function", "function": tool.model_dump(include=fields, exclude_none=True)}
            for tool in asked.tools or ()
        ]
        return plan_answer(
            self.service,
            sampling,
            tools=tools or None,
            choice=asked.tool_choice if isinstance(asked.tool_choice, str) else None,
            named=asked.tool_choice.name if isinstance(asked.tool_choice, NamedResponseTool) else None,
            is_parallel=asked.parallel_tool_calls is not False,
            has_format=wanted is not None and not isinstance(wanted, PlainFormat),
            schema=wanted.schema_ if isinstance(wanted, SchemaFormat) else None,
        )


def conversation(given: str | Sequence[InputMessage | InputThought | InputCall | InputResult]) -> list[Message]:
    """The input in our terms; a thought and what follows it, and calls that follow one another, are of one turn.

    Raises:
        RequestError: the arguments of a call are not a JSON object; ``param`` says whose.
    """
    messages: list[Message] = []
    if isinstance(given, str):
        return [Message(role="user", content=given)]
    for index, item in enumerate(given):
        if isinstance(item, InputMessage):
            role = "system" if item.role == "developer" else item.role
            is_thought_of = role == "assistant" and bool(messages) and _is_thought(messages[-1])
            thought = messages.pop().reasoning_content if is_thought_of else ""
            messages.append(Message(role=role, content=_text(item.content), reasoning_content=thought))
        elif isinstance(item, InputThought):
            if thought := _text(item.content or item.summary):
                messages.append(Message(role="assistant", reasoning_content=thought))
        elif isinstance(item, InputResult):
            messages.append(Message(role="tool", content=_text(item.output), tool_call_id=item.call_id))
        else:
            call = _call(index, item)
            if not messages or messages[-1].role != "assistant":
                messages.append(Message(role="assistant"))
            turn = messages.pop()
            messages.append(turn.model_copy(update={"tool_calls": [*turn.tool_calls, call]}))
    return messages


def _system(instructions: str | None) -> list[Message]:
    return [Message(role="system", content=instructions)] if instructions else []


def _call(index: int, item: InputCall) -> ToolCall:
    try:
        return ToolCall(id=item.call_id, name=item.name, arguments=read_arguments(item.arguments, tool=item.name))
    except DataError as error:
        raise RequestError(error.what, hint=error.hint, param=f"input[{index}].arguments") from error


def _is_thought(message: Message) -> bool:
    """Whether nothing is said in it, and nothing called."""
    return bool(message.reasoning_content) and not message.content and not message.tool_calls


def _text(content: str | Sequence[InputText | ReasoningText]) -> str:
    return content if isinstance(content, str) else "".join(part.text for part in content)


async def _whole(events: Events, reply: ResponseReply, keep: Callable[[], Awaitable[None]]) -> ResponseObject:
    async with aclosing(events):
        async for _, event in events:
            for _ in reply.take(event):
                pass
    await keep()
    return reply.response


async def _lines(
    events: Primed[tuple[int, Event]], reply: ResponseReply, keep: Callable[[], Awaitable[None]]
) -> AsyncGenerator[str, None]:
    """The events; the last one is told when the response is kept."""
    for told in reply.first_events():
        yield line(told, told["type"])
    try:
        async for _, event in events:
            for told in reply.take(event):
                if told["type"] in ("response.completed", "response.incomplete"):
                    await keep()
                yield line(told, told["type"])
    except Exception as error:
        log_failure(error)
        failed = reply.failed(note_error(error))
        yield line(failed, failed["type"])
