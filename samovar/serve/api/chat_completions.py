"""POST /v1/chat/completions: the life of a request, from its body to its last chunk."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from samovar.agent.answer import ToolUse
from samovar.agent.events import Event
from samovar.chat.conversation import Message
from samovar.chat.thought import Options
from samovar.core.errors import DataError, RequestError
from samovar.engine.request import Sampling
from samovar.serve.api.begun import check_begun
from samovar.serve.api.chat_reply import ChatReply
from samovar.serve.api.event_stream import DONE, EventStream, Primed, line, primed
from samovar.serve.api.kept_answer import find_place, written
from samovar.serve.api.tool_use import plan_answer
from samovar.serve.disconnect import until_client_leaves
from samovar.serve.errors import error_event
from samovar.serve.service import AsciiJson, Events, Service, naming_param, read_content
from samovar.serve.shapes.body import read_as
from samovar.serve.shapes.chat import ChatCompletion, ChatMessage, ChatRequest, JsonSchemaFormat, TextFormat
from samovar.serve.shapes.tools import NamedTool

_FILLED = frozenset({"messages", "tools", "add_generation_prompt"})


@dataclass(slots=True)
class ChatCompletions:
    """Answers conversations."""

    service: Service

    async def respond(self, request: Request) -> Response:
        """One completion, or a stream of chunks."""
        chat = read_chat_request(await read_content(request))
        self.service.check_model(chat.model)
        messages = conversation(chat.messages)
        begun = messages.pop().content if goes_on(chat, messages) else ""
        sampling, use = self._plan(chat)
        options = self._template_options(chat)
        events = self.service.answers(messages, sampling, use, chat.n or 1, options=options, begun=begun)
        reply = ChatReply(
            chat.model,
            self.service.tokenizer,
            artifact=self.service.artifact,
            number=chat.n or 1,
            sampling=sampling,
            use=use,
            begun=begun,
            has_logprobs=bool(chat.logprobs),
            includes_usage=chat.stream_options is not None and bool(chat.stream_options.include_usage),
        )
        if chat.samovar is not None:
            events = written(events, reply, await find_place(self.service.store, chat.samovar))
        with naming_param("messages"):
            if not chat.stream:
                return AsciiJson(await until_client_leaves(request, _whole(events, reply)))
            started = await until_client_leaves(request, primed(events))
        return EventStream(_lines(started, reply), started)

    def _template_options(self, chat: ChatRequest) -> Options:
        options = self.service.template_options(chat.reasoning_effort, param="reasoning_effort")
        return {**options, **(chat.chat_template_kwargs or {})}

    def _plan(self, chat: ChatRequest) -> tuple[Sampling, ToolUse]:
        sampling = self.service.speaking(
            chat.model, chat, chat.max_completion_tokens or chat.max_tokens, quotes=chat.verbatim_quotes
        )
        sampling = replace(sampling, logprobs=chat.top_logprobs or 0 if chat.logprobs else None)
        has_format, schema = _format(chat)
        return plan_answer(
            self.service,
            sampling,
            tools=[tool.model_dump(exclude_none=True) for tool in chat.tools] if chat.tools else None,
            choice=chat.tool_choice if isinstance(chat.tool_choice, str) else None,
            named=chat.tool_choice.function.name if isinstance(chat.tool_choice, NamedTool) else None,
            is_parallel=chat.parallel_tool_calls is not False,
            has_format=has_format,
            schema=schema,
        )


def read_chat_request(content: bytes) -> ChatRequest:
    """Read and check the body of a request.

    Raises:
        RequestError: it is not JSON, of another shape, or asks for what the server cannot do.
    """
    chat = read_as(ChatRequest, content)
    if chat.stream_options is not None and not chat.stream:
        raise RequestError("stream_options is given without stream", hint="set stream to true", param="stream_options")
    if chat.top_logprobs and not chat.logprobs:
        raise RequestError("top_logprobs is given without logprobs", hint="set logprobs to true", param="top_logprobs")
    taken = sorted(_FILLED & (chat.chat_template_kwargs or {}).keys())
    if taken:
        raise RequestError(
            f"chat_template_kwargs names {taken[0]}, which the server fills itself",
            hint="leave it out",
            code="invalid_value",
            param="chat_template_kwargs",
        )
    return chat


def goes_on(chat: ChatRequest, messages: list[Message]) -> bool:
    """Whether the answer goes on from the last of ``messages``.

    Raises:
        RequestError: it should, and it cannot.
    """
    if chat.add_generation_prompt is not None and chat.add_generation_prompt == bool(chat.continue_final_message):
        raise RequestError(
            "an answer either begins anew (add_generation_prompt) or goes on (continue_final_message)",
            hint="leave out add_generation_prompt",
            code="invalid_value",
            param="add_generation_prompt",
        )
    if not chat.continue_final_message:
        return False
    last = messages[-1]
    if last.role != "assistant":
        raise RequestError(
            "the last message, which the answer is to go on from, is not the assistant's",
            hint="leave out continue_final_message",
            code="invalid_value",
            param="continue_final_message",
        )
    check_begun(
        last.content,
        param=f"messages[{len(messages) - 1}]",
        has_calls=bool(last.tool_calls),
        has_format=_format(chat)[0] or chat.structured_outputs is not None,
    )
    return True


def conversation(messages: list[ChatMessage]) -> list[Message]:
    """The messages in our terms.

    Raises:
        RequestError: one of them is malformed; ``param`` says which.
    """
    return [_message(index, message) for index, message in enumerate(messages)]


def _message(index: int, message: ChatMessage) -> Message:
    try:
        return Message.from_openai(message.model_dump(exclude_none=True))
    except DataError as error:
        raise RequestError(f"messages[{index}]: {error.what}", hint=error.hint, param=f"messages[{index}]") from error


def _format(chat: ChatRequest) -> tuple[bool, Mapping[str, Any] | None]:
    """Whether the answer must be JSON, and of which schema."""
    wanted = chat.response_format
    if wanted is None or isinstance(wanted, TextFormat):
        return False, None
    return True, wanted.json_schema.schema_ if isinstance(wanted, JsonSchemaFormat) else None


async def _whole(events: Events, reply: ChatReply) -> ChatCompletion:
    async with aclosing(events):
        async for index, event in events:
            for _ in reply.take(index, event):
                pass
    return reply.completion()


async def _lines(events: Primed[tuple[int, Event]], reply: ChatReply) -> AsyncGenerator[str, None]:
    for chunk in reply.first_chunks():
        yield line(chunk)
    try:
        async for index, event in events:
            for chunk in reply.take(index, event):
                yield line(chunk)
    except Exception as error:
        yield error_event(error)
        return
    for chunk in reply.last_chunks():
        yield line(chunk)
    yield DONE
