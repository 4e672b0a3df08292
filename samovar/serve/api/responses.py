"""POST /v1/responses: stateless; the conversation comes with each request."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
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
from samovar.serve.api.response_reply import ResponseReply
from samovar.serve.api.tool_use import plan_answer
from samovar.serve.disconnect import until_client_leaves
from samovar.serve.errors import describe_error, log_failure
from samovar.serve.service import Service, naming_param, read_content
from samovar.serve.shapes.body import read_as
from samovar.serve.shapes.responses import (
    InputCall,
    InputMessage,
    InputResult,
    InputText,
    NamedResponseTool,
    PlainFormat,
    ResponseObject,
    ResponseRequest,
    SchemaFormat,
)

Events = AsyncGenerator[tuple[int, Event], None]


@dataclass(slots=True)
class Responses:
    """Answers conversations in the form of OpenAI's newer API."""

    service: Service

    async def respond(self, request: Request) -> Response:
        """One response, or a stream of events."""
        asked = read_as(ResponseRequest, await read_content(request))
        self.service.check_model(asked.model)
        sampling, use = self._plan(asked)
        messages = conversation(asked.input, asked.instructions)
        reply = ResponseReply(asked.model, self.service.tokenizer, asked, sampling)
        events = self.service.answers(messages, sampling, use)
        with naming_param("input"):
            if not asked.stream:
                return JSONResponse(await until_client_leaves(request, _whole(events, reply)))
            begun = await until_client_leaves(request, primed(events))
        return EventStream(_lines(begun, reply), begun)

    def _plan(self, asked: ResponseRequest) -> tuple[Sampling, ToolUse]:
        sampling = self.service.sampling(asked.model, asked, asked.max_output_tokens)
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


def conversation(
    given: str | Sequence[InputMessage | InputCall | InputResult], instructions: str | None
) -> list[Message]:
    """The input in our terms; calls that follow one another are of one turn.

    Raises:
        RequestError: the arguments of a call are not a JSON object; ``param`` says whose.
    """
    messages = [Message(role="system", content=instructions)] if instructions else []
    if isinstance(given, str):
        return [*messages, Message(role="user", content=given)]
    for index, item in enumerate(given):
        if isinstance(item, InputMessage):
            role = "system" if item.role == "developer" else item.role
            messages.append(Message(role=role, content=_text(item.content)))
        elif isinstance(item, InputResult):
            messages.append(Message(role="tool", content=_text(item.output), tool_call_id=item.call_id))
        else:
            call = _call(index, item)
            if not messages or messages[-1].role != "assistant":
                messages.append(Message(role="assistant"))
            turn = messages.pop()
            messages.append(turn.model_copy(update={"tool_calls": [*turn.tool_calls, call]}))
    return messages


def _call(index: int, item: InputCall) -> ToolCall:
    try:
        return ToolCall(id=item.call_id, name=item.name, arguments=read_arguments(item.arguments, tool=item.name))
    except DataError as error:
        raise RequestError(error.what, hint=error.hint, param=f"input[{index}].arguments") from error


def _text(content: str | list[InputText]) -> str:
    return content if isinstance(content, str) else "".join(part.text for part in content)


async def _whole(events: Events, reply: ResponseReply) -> ResponseObject:
    async with aclosing(events):
        async for _, event in events:
            for _ in reply.take(event):
                pass
    return reply.response


async def _lines(events: Primed[tuple[int, Event]], reply: ResponseReply) -> AsyncGenerator[str, None]:
    for told in reply.first_events():
        yield line(told, told["type"])
    try:
        async for _, event in events:
            for told in reply.take(event):
                yield line(told, told["type"])
    except Exception as error:
        log_failure(error)
        failed = reply.failed(describe_error(error))
        yield line(failed, failed["type"])
