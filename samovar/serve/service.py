"""What all endpoints share: the model behind them, its name, and how the server is used to answer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse

from samovar.agent.agent import with_system
from samovar.agent.answer import Answer, ToolUse, may_think
from samovar.agent.events import Event
from samovar.agent.streaming import stream_answer
from samovar.agent.tool import Tool
from samovar.chat.conversation import Message
from samovar.chat.rows import prompt_ids
from samovar.chat.thought import NO_OPTIONS, Options, can_think, options_for
from samovar.core.errors import RequestError
from samovar.engine.request import Sampling
from samovar.serve.metering import MeteredRunner
from samovar.serve.settings import ServeSettings
from samovar.serve.shapes.body import Drawing
from samovar.serve.store import Store
from samovar.serve.structured import asked_constraint
from samovar.tokenizer.tokenizer import Tokenizer

if TYPE_CHECKING:  # torch is not needed to serve
    from samovar.engine.engine import Engine

T = TypeVar("T")
_SMALLEST_TOP_P = 1e-6
"""Clients may send 0 for the likeliest token alone."""
Events = AsyncGenerator[tuple[int, Event], None]
"""Of several answers side by side, each with the number of its answer."""


@dataclass(slots=True)
class Service:
    """One model, served."""

    runner: MeteredRunner
    tokenizer: Tokenizer
    model_id: str
    tools: Sequence[Tool]
    """Run by the server, where a request brings none of its own."""
    settings: ServeSettings
    adapters: Sequence[str] = ()
    """Names of the model's adapters, which requests may ask for like models."""
    store: Store | None = None
    """What people asked to be kept; None: nothing is."""
    artifact: str | None = None
    """Name of the artifact that the model is, which says how it was made; None: it is none of ours."""
    started_s: int = field(default_factory=lambda: int(time.time()))

    @property
    def names(self) -> list[str]:
        """All that a request may ask for, the model itself first."""
        return [self.model_id, *self.adapters]

    def check_model(self, name: str, *, is_base: bool = False) -> None:
        """Refuse the name of what is not served; with ``is_base``, of adapters too.

        Raises:
            RequestError: ``name`` is none of ``names``, or it is an adapter's where only the model itself will do.
        """
        if name not in self.names:
            raise RequestError(
                f"the model {name[:80]!r} is not here",
                hint=f"this server has {', '.join(map(repr, self.names))}",
                code="model_not_found",
                param="model",
            )
        if is_base and name != self.model_id:
            raise RequestError(
                f"adapters cannot do this, and {name!r} is one",
                hint=f"ask {self.model_id!r}",
                code="unsupported_value",
                param="model",
            )

    def sampling(self, model: str, asked: Drawing, max_tokens: int | None) -> Sampling:
        """How to draw: what the request says, and the server's habits where it is silent."""
        settings = self.settings
        return Sampling(
            temperature=settings.temperature if asked.temperature is None else asked.temperature,
            top_p=settings.top_p if asked.top_p is None else max(_SMALLEST_TOP_P, asked.top_p),
            top_k=asked.top_k or 0,
            min_p=asked.min_p or 0.0,
            repetition_penalty=1.0 if asked.repetition_penalty is None else asked.repetition_penalty,
            frequency_penalty=asked.frequency_penalty or 0.0,
            presence_penalty=asked.presence_penalty or 0.0,
            logit_bias=asked.logit_bias or {},
            seed=asked.seed,
            max_tokens=max_tokens or settings.max_tokens,
            stop=tuple(asked.stop or ()),
            stop_token_ids=tuple(asked.stop_token_ids or ()),
            min_tokens=asked.min_tokens or 0,
            ignore_eos=bool(asked.ignore_eos),
            constraint=None if asked.structured_outputs is None else asked_constraint(asked.structured_outputs),
            adapter=None if model == self.model_id else model,
        )

    def speaking(self, model: str, asked: Drawing, max_tokens: int | None, *, quotes: bool | None = None) -> Sampling:
        """The same for an answer in a conversation.

        Args:
            model: by name.
            asked: what the request says.
            max_tokens: of the answer.
            quotes: whether they are kept to what was said; None: as the settings have it.
        """
        is_kept = self.settings.verbatim_quotes if quotes is None else quotes
        return replace(self.sampling(model, asked, max_tokens), verbatim_quotes=is_kept)

    def template_options(self, effort: str | None, *, param: str) -> Options:
        """Variables of the chat template for how hard the model is to think, as the request's field ``param`` has it.

        Raises:
            RequestError: it is to think, and its template has no form for thoughts.
        """
        if effort is None:
            return options_for(self.settings.thinking)
        if effort != "none" and not can_think(self.tokenizer):
            raise RequestError(
                "this model does not think before it answers",
                hint="leave it out",
                code="unsupported_value",
                param=param,
            )
        return {**options_for(effort != "none"), "reasoning_effort": effort}

    def own_tools(self) -> ToolUse:
        """The server runs its own tools, and goes on."""
        offered = [tool.schema for tool in self.tools] if self.settings.announces_tools else []
        return ToolUse(tools=self.tools, offered=offered, max_rounds=self.settings.max_rounds)

    async def answers(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        use: ToolUse,
        number: int = 1,
        *,
        options: Options = NO_OPTIONS,
        max_thought_tokens: int | None = None,
        begun: str = "",
    ) -> Events:
        """The events of ``number`` answers, side by side, each with the number of its answer.

        Args:
            messages: that are answered.
            sampling: how tokens are drawn.
            use: of tools.
            number: of answers.
            options: variables of the chat template.
            max_thought_tokens: of each thought; by default as the settings have it.
            begun: words that each goes on from.
        Raises:
            LimitError: they may cost more than the caller has left.
            RequestError: the conversation does not fit into the context.
        """
        asked = with_system(messages, self.settings.system)
        how: dict[str, Any] = {"options": options, "begun": begun}
        thinks = may_think(sampling, begun)
        # A prompt of megabytes is tokenized for a second, in which other streams must go on.
        ids = await asyncio.to_thread(prompt_ids, asked, self.tokenizer, tools=use.offered, thinks=thinks, **how)
        if max_thought_tokens is None:
            max_thought_tokens = self.settings.max_thought_tokens
        several = [
            Answer(
                asked,
                sampling.counted_up(place),
                self.tokenizer,
                use,
                max_thought_tokens=max_thought_tokens,
                first_prompt=ids,
                **how,
            )
            for place in range(number)
        ]
        streams = [stream_answer(self.runner, one) for one in several]
        async with aclosing(self.paid([ids] * number, sampling.max_tokens, streams)) as events:
            async for event in events:
                yield event

    async def paid(
        self, prompts: Sequence[Sequence[int]], max_tokens: int, streams: Sequence[AsyncGenerator[T, None]]
    ) -> AsyncGenerator[tuple[int, T], None]:
        """What all streams give, side by side, once what they may cost is set aside: each reads one of ``prompts``.

        Raises:
            LimitError: they may cost more than the caller has left.
        """
        with self.runner.held(prompts, max_tokens):
            async with aclosing(side_by_side(streams)) as items:
                async for item in items:
                    yield item

    async def read(self, prompts: Sequence[Sequence[int]], work: Callable[[Engine], T]) -> T:
        """What ``work`` makes of ``prompts`` with the engine's own model, in the engine's thread between two steps.

        Raises:
            RequestError: the model is another program's.
        """
        runner = self.runner
        if not hasattr(runner, "call") or not hasattr(runner.engine, "model"):
            raise RequestError("this server's engine only writes", code="unsupported_value", param="model")
        return await runner.read(prompts, work)


async def side_by_side(streams: Sequence[AsyncGenerator[T, None]]) -> AsyncGenerator[tuple[int, T], None]:
    """What all streams give, as it comes, each with the number of its stream; the first failure ends them all."""
    if len(streams) == 1:
        async with aclosing(streams[0]) as only:
            async for item in only:
                yield 0, item
        return
    news: asyncio.Queue[tuple[int, T] | Exception | None] = asyncio.Queue()
    tasks = [asyncio.create_task(_pass_on(number, stream, news)) for number, stream in enumerate(streams)]
    try:
        num_left = len(tasks)
        while num_left:
            one = await news.get()
            if one is None:
                num_left -= 1
            elif isinstance(one, Exception):
                raise one
            else:
                yield one
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pass_on(
    number: int, stream: AsyncGenerator[T, None], news: asyncio.Queue[tuple[int, T] | Exception | None]
) -> None:
    try:
        async with aclosing(stream):
            async for one in stream:
                news.put_nowait((number, one))
    except Exception as error:  # told to who waits for the streams
        news.put_nowait(error)
    news.put_nowait(None)


@contextmanager
def naming_param(name: str) -> Iterator[None]:
    """What the engine refuses of a prompt, or of the grammar of calls, is told by the name of the request's field."""
    try:
        yield
    except RequestError as error:
        error.param = {"messages": name, "constraint": "tools"}.get(error.param or "", error.param)
        raise


class AsciiJson(JSONResponse):
    """A reply that may have in it what the client sent, or what a model wrote as JSON: halves of surrogate pairs too,
    which UTF-8 has no place for."""

    def render(self, content: Any) -> bytes:
        """All else than ASCII as JSON's escapes."""
        return json.dumps(content, separators=(",", ":")).encode()


async def read_content(request: Request) -> bytes:
    """The body of a JSON request.

    Raises:
        RequestError: another content type (which a foreign page could send without being asked).
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise RequestError(
            f"the content type is {kind[:80] or 'not given'}",
            hint="send Content-Type: application/json",
            code="content_type_not_json",
        )
    return await request.body()
