"""POST /v1/completions: texts gone on with, and scored."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from samovar.core.errors import RequestError
from samovar.engine.request import Delta
from samovar.serve.api.completion_choice import ChoiceText
from samovar.serve.api.event_stream import DONE, EventStream, Primed, line, primed
from samovar.serve.disconnect import until_client_leaves
from samovar.serve.errors import error_event
from samovar.serve.service import Service, naming_param, read_content
from samovar.serve.shapes.body import read_as
from samovar.serve.shapes.chat import Usage
from samovar.serve.shapes.completions import MOST_ANSWERS, Completion, CompletionChoice, CompletionRequest
from samovar.tokenizer.tokenizer import Tokenizer

DEFAULT_MAX_TOKENS = 16
"""OpenAI's."""
Deltas = AsyncGenerator[tuple[int, Delta], None]


@dataclass(slots=True)
class Completions:
    """Goes on with texts."""

    service: Service

    async def respond(self, request: Request) -> Response:
        """All answers whole, or a stream of their pieces."""
        asked = _read(await read_content(request))
        self.service.check_model(asked.model)
        prompts = await asyncio.to_thread(list, prompts_of(asked.prompt, self.service.tokenizer))
        if (number := len(prompts) * _drawn(asked)) > MOST_ANSWERS:
            raise RequestError(
                f"{len(prompts)} prompts with {_drawn(asked)} answers each are {number} answers",
                hint=f"ask for {MOST_ANSWERS} at most at once",
                param="best_of" if asked.best_of else "n",
            )
        reply = CompletionReply(self.service, asked, prompts)
        deltas = self._deltas(asked, prompts)
        with naming_param("prompt"):
            if not asked.stream:
                return JSONResponse(await until_client_leaves(request, _whole(deltas, reply)))
            begun = await until_client_leaves(request, primed(deltas))
        return EventStream(_lines(begun, reply), begun)

    def _deltas(self, asked: CompletionRequest, prompts: Sequence[list[int]]) -> Deltas:
        wants_prompt = asked.echo and asked.logprobs is not None
        # A score of each answer is needed to tell the best.
        logprobs = 0 if asked.logprobs is None and _drawn(asked) > (asked.n or 1) else asked.logprobs
        sampling = replace(
            self.service.sampling(asked.model, asked, max(1, _max_tokens(asked))),
            logprobs=logprobs,
            prompt_logprobs=asked.logprobs if wants_prompt else None,
        )
        drawn = [(prompt, place) for prompt in prompts for place in range(_drawn(asked))]
        streams = [self.service.runner.stream(prompt, sampling.counted_up(place)) for prompt, place in drawn]
        return self.service.paid([prompt for prompt, _ in drawn], sampling.max_tokens, streams)


class CompletionReply:
    """Collects the deltas of one request's answers and tells them as the API does."""

    def __init__(self, service: Service, asked: CompletionRequest, prompts: Sequence[list[int]]) -> None:
        self._id, self._created, self._model = f"cmpl-{uuid.uuid4().hex}", int(time.time()), asked.model
        self._artifact = service.artifact
        self._asked = asked
        self._num_prompt_tokens = sum(map(len, prompts))
        self._includes_usage = asked.stream_options is not None and bool(asked.stream_options.include_usage)
        self._choices = [
            ChoiceText(
                service.tokenizer,
                prompt if asked.echo else [],
                has_logprobs=asked.logprobs is not None,
                is_only_prompt=_max_tokens(asked) == 0,
            )
            for prompt in prompts
            for _ in range(_drawn(asked))
        ]

    def take(self, index: int, delta: Delta) -> Completion:
        """Note what is new in one of the answers, and give it as an event."""
        return self._reply([{**self._choices[index].take(delta), "index": index}])

    def last(self) -> Completion | None:
        """The event that counts, where it is wanted."""
        return {**self._reply([]), "usage": self._usage()} if self._includes_usage else None

    def completion(self) -> Completion:
        """All answers whole; of several drawn for a prompt, the likeliest."""
        drawn, wanted = _drawn(self._asked), self._asked.n or 1
        choices: list[CompletionChoice] = []
        for first in range(0, len(self._choices), drawn):
            some = self._choices[first : first + drawn]
            for choice in sorted(some, key=lambda one: -one.score)[:wanted] if drawn > wanted else some:
                choices.append({**choice.whole(), "index": len(choices)})
        return {**self._reply(choices), "usage": self._usage()}

    def _reply(self, choices: list[CompletionChoice]) -> Completion:
        reply: Completion = {
            "id": self._id,
            "object": "text_completion",
            "created": self._created,
            "model": self._model,
            "choices": choices,
            "system_fingerprint": self._artifact,
        }
        if self._includes_usage:
            reply["usage"] = None
        return reply

    def _usage(self) -> Usage:
        completion = sum(one.num_tokens for one in self._choices)
        # Choices of one prompt share it: it is counted once, and so is what of it was cached.
        cached = sum(one.num_cached for one in self._choices[:: _drawn(self._asked)])
        return {
            "prompt_tokens": self._num_prompt_tokens,
            "completion_tokens": completion,
            "total_tokens": self._num_prompt_tokens + completion,
            "prompt_tokens_details": {"cached_tokens": cached},
        }


def _read(content: bytes) -> CompletionRequest:
    asked = read_as(CompletionRequest, content)
    if asked.stream_options is not None and not asked.stream:
        raise RequestError("stream_options is given without stream", hint="set stream to true", param="stream_options")
    if _drawn(asked) < (asked.n or 1):
        raise RequestError(f"best_of is {asked.best_of}, and n {asked.n}", hint="draw at least n", param="best_of")
    if asked.stream and _drawn(asked) > (asked.n or 1):
        raise RequestError("best_of is more than n in a stream", hint="the best is known at the end", param="best_of")
    if _max_tokens(asked) == 0 and not asked.echo:
        raise RequestError("max_tokens is 0 without echo", hint="ask for at least one token", param="max_tokens")
    return asked


def _drawn(asked: CompletionRequest) -> int:
    return asked.best_of or asked.n or 1


def _max_tokens(asked: CompletionRequest) -> int:
    return DEFAULT_MAX_TOKENS if asked.max_tokens is None else asked.max_tokens


def prompts_of(given: str | list[str] | list[int] | list[list[int]], tokenizer: Tokenizer) -> Iterator[list[int]]:
    """The ids of a text, of token ids, or of each in a list of either."""
    if isinstance(given, str):
        yield [*tokenizer.begin_ids, *tokenizer.encode(given, allow_special=True)]
    elif isinstance(given[0], int):
        yield [one for one in given if isinstance(one, int)]
    else:
        for one in given:
            yield from prompts_of(one, tokenizer) if isinstance(one, (str, list)) else ()


async def _whole(deltas: Deltas, reply: CompletionReply) -> Completion:
    async with aclosing(deltas):
        async for index, delta in deltas:
            reply.take(index, delta)
    return reply.completion()


async def _lines(deltas: Primed[tuple[int, Delta]], reply: CompletionReply) -> AsyncGenerator[str, None]:
    try:
        async for index, delta in deltas:
            yield line(reply.take(index, delta))
    except Exception as error:
        yield error_event(error)
        return
    if (last := reply.last()) is not None:
        yield line(last)
    yield DONE
