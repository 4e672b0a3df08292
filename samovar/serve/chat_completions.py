"""POST /v1/chat/completions: the life of a request, from its body to its last chunk."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from samovar.agent.agent import with_system
from samovar.agent.answer import Answer, ToolUse
from samovar.agent.events import Event
from samovar.agent.streaming import stream_answer
from samovar.agent.tool import Tool
from samovar.core.errors import BusyError, RequestError
from samovar.serve.chat_request import ChatRequest, read_chat_request
from samovar.serve.disconnect import until_client_leaves
from samovar.serve.errors import describe_error, log_failure
from samovar.serve.reply import Reply
from samovar.serve.settings import ServeSettings
from samovar.tokenizer.tokenizer import Tokenizer

if TYPE_CHECKING:  # torch is not needed to serve
    from samovar.engine.runner import EngineRunner


@dataclass(slots=True)
class ChatCompletions:
    """Answers requests with one model."""

    runner: EngineRunner
    tokenizer: Tokenizer
    model_id: str
    tools: list[Tool]
    settings: ServeSettings
    _num_live: int = field(default=0, init=False)

    async def respond(self, request: Request) -> Response:
        """One completion, or a stream of chunks."""
        chat = read_chat_request(await read_body(request, self.settings.max_body_bytes))
        self.check_model(chat.model)
        events = self._events(self._answer(chat))
        wants_usage = chat.stream_options is not None and bool(chat.stream_options.include_usage)
        reply = Reply(self.model_id, includes_usage=wants_usage)
        if not chat.stream:
            return JSONResponse(await until_client_leaves(request, _whole(events, reply)))
        # The first event is awaited before the first byte is sent: a refusal is still an HTTP status then.
        first = await until_client_leaves(request, _first(events))
        return EventStream(first, events, reply)

    def check_model(self, name: str) -> None:
        """Refuse the name of another model.

        Raises:
            RequestError: ``name`` is not the model's.
        """
        if name != self.model_id:
            raise RequestError(
                f"the model {name[:80]!r} is not here",
                hint=f"this server has {self.model_id!r}",
                code="model_not_found",
                param="model",
            )

    def _answer(self, chat: ChatRequest) -> Answer:
        messages, sampling = chat.conversation(), chat.sampling(self.settings)
        if chat.tools or chat.tool_choice is not None:
            offered = chat.offered_tools()
            use = ToolUse(offered=offered, is_returned=bool(offered), max_rounds=1)
        else:
            offered = [tool.schema for tool in self.tools] if self.settings.announces_tools else []
            use = ToolUse(tools=self.tools, offered=offered, max_rounds=self.settings.max_rounds)
        return Answer(with_system(messages, self.settings.system), sampling, self.tokenizer, use)

    async def _events(self, answer: Answer) -> AsyncGenerator[Event, None]:
        """The events of ``answer``, within the limit on answers at once."""
        if self._num_live >= self.settings.max_requests:
            raise BusyError(f"{self._num_live} requests are being answered", hint="try again in a second")
        self._num_live += 1
        try:
            async with aclosing(stream_answer(self.runner, answer)) as events:
                async for event in events:
                    yield event
        finally:
            self._num_live -= 1


class EventStream(StreamingResponse):
    """Chunks as server-sent events. However it ends, the engine's place is freed."""

    def __init__(self, first: Event, events: AsyncGenerator[Event, None], reply: Reply) -> None:
        self._events = events
        super().__init__(_lines(first, events, reply), media_type="text/event-stream", headers=_UNBUFFERED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the end, or until the client leaves."""
        async with aclosing(self._events):
            await super().__call__(scope, receive, send)


_UNBUFFERED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def read_body(request: Request, max_bytes: int) -> bytes:
    """The body of a JSON request.

    Raises:
        RequestError: another content type (which a foreign page could send without being asked), or too many bytes.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise RequestError(
            f"the content type is {kind[:80] or 'not given'}",
            hint="send Content-Type: application/json",
            code="content_type_not_json",
        )
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > max_bytes:
            raise RequestError(f"the body is larger than {max_bytes} bytes", code="body_too_large")
    return bytes(body)


async def _first(events: AsyncGenerator[Event, None]) -> Event:
    return await anext(events)


async def _whole(events: AsyncGenerator[Event, None], reply: Reply) -> dict[str, Any]:
    async with aclosing(events):
        async for event in events:
            for _ in reply.take(event):
                pass
    return reply.completion()


async def _lines(first: Event, events: AsyncGenerator[Event, None], reply: Reply) -> AsyncGenerator[str, None]:
    yield _line(reply.first_chunk())
    try:
        for chunk in reply.take(first):
            yield _line(chunk)
        async for event in events:
            for chunk in reply.take(event):
                yield _line(chunk)
    except Exception as error:
        log_failure(error)
        yield f"data: {describe_error(error).to_json()}\n\n"
        return
    yield "data: [DONE]\n\n"


def _line(chunk: dict[str, Any]) -> str:
    return f"data: {json.dumps(chunk, ensure_ascii=False, separators=(',', ':'))}\n\n"
