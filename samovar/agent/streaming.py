"""The same loop for the asynchronous caller, over the engine that runs in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol

from samovar.agent.answer import Answer
from samovar.agent.events import Event, ToolCalled, ToolReturned
from samovar.agent.tool import run_call
from samovar.core.errors import RequestError

if TYPE_CHECKING:  # torch is not needed to serve
    from samovar.engine.request import Delta, Sampling


class Runner(Protocol):
    """Who makes the tokens: the engine's runner, or what stands before it."""

    def stream(self, prompt_ids: Sequence[int], sampling: Sampling) -> AsyncGenerator[Delta, None]:
        """The deltas of one request as they come; closing the iterator cancels the request."""
        ...


async def stream_answer(runner: Runner, answer: Answer) -> AsyncGenerator[Event, None]:
    """Make ``answer``, event by event; the last is ``Finished``. Closing the iterator frees the engine's place.

    Raises:
        RequestError: the conversation does not fit into the context.
    """
    while not answer.is_done:
        # A prompt of megabytes is tokenized for a second, in which other streams must go on.
        prompt, sampling = await asyncio.to_thread(answer.next_prompt)
        try:
            async with aclosing(runner.stream(prompt, sampling)) as deltas:
                async for delta in deltas:
                    for event in answer.push(delta):
                        yield event
        except RequestError as error:
            answer.refused(error)
        for call in answer.pending_calls():
            yield ToolCalled(call)
            result = await asyncio.to_thread(run_call, answer.use.tools, call)
            answer.add_result(result)
            yield ToolReturned(call, result)
    yield answer.finished()
