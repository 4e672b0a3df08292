"""The engine as the API uses it: whatever an endpoint has read or written is measured, counted and bounded here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from samovar.core.errors import RequestError
from samovar.serve.context import current_call
from samovar.serve.metrics import Metrics

if TYPE_CHECKING:  # torch is not needed to serve
    from samovar.engine.engine import Engine
    from samovar.engine.request import Delta, Sampling
    from samovar.engine.runner import EngineRunner

T = TypeVar("T")


class MeteredRunner:
    """A runner that counts. What it does not know of, it passes through."""

    def __init__(self, runner: EngineRunner, metrics: Metrics, *, max_prompt_tokens: int | None = None) -> None:
        """Count what ``runner`` does in ``metrics``; prompts of more than ``max_prompt_tokens`` are refused."""
        self._runner = runner
        self._metrics = metrics
        self._max_prompt_tokens = max_prompt_tokens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runner, name)

    async def stream(
        self, prompt_ids: Sequence[int], sampling: Sampling | None = None, **more: Any
    ) -> AsyncGenerator[Delta, None]:
        """As the runner's.

        Raises:
            RequestError: the prompt is longer than this server takes, or what the runner raises.
        """
        self.check_lengths([prompt_ids])
        call, metrics = current_call(), self._metrics
        started_s = last_s = time.monotonic()
        num_tokens, has_ended = 0, False
        try:
            async with aclosing(self._runner.stream(prompt_ids, sampling, **more)) as deltas:
                async for delta in deltas:
                    now_s = time.monotonic()
                    if delta.ids and not num_tokens:
                        metrics.first_token_seconds.observe(now_s - started_s)
                        call.first_token_s = call.first_token_s or now_s - call.started_s
                        metrics.prompt_tokens.inc(len(prompt_ids))
                    elif delta.ids:
                        metrics.between_tokens_seconds.observe((now_s - last_s) / len(delta.ids))
                    num_tokens += len(delta.ids)
                    metrics.completion_tokens.inc(len(delta.ids))
                    has_ended = delta.finish_reason is not None
                    last_s = now_s
                    yield delta
        except (GeneratorExit, asyncio.CancelledError):
            if not has_ended:
                metrics.cancelled.inc()
            raise
        finally:
            # A prompt that was not read costs nothing.
            call.count(prompt_tokens=len(prompt_ids) if num_tokens else 0, completion_tokens=num_tokens)

    async def read(self, prompts: Sequence[Sequence[int]], work: Callable[[Engine], T]) -> T:
        """What ``work`` makes of ``prompts`` in the engine's thread: it reads them, and writes nothing.

        They are counted if they were read, though nobody waited for the end.
        """
        num_read = 0

        def reading(engine: Engine) -> T:
            nonlocal num_read
            num_read = sum(map(len, prompts))
            return work(engine)

        try:
            return await self._runner.call(reading)
        except Exception:  # refused, or failed
            num_read = 0
            raise
        finally:
            self._metrics.prompt_tokens.inc(num_read)
            current_call().count(prompt_tokens=num_read)

    @contextmanager
    def held(self, prompts: Sequence[Sequence[int]], max_tokens: int = 0) -> Iterator[None]:
        """Set aside, while the block runs, what ``prompts`` may cost the caller with an answer of ``max_tokens`` each.

        Raises:
            LimitError: the caller has less left.
            RequestError: one of them is longer than this server takes.
        """
        self.check_lengths(prompts)
        context = self._runner.engine.max_context
        # What the context does not hold is refused by the engine, and costs nothing.
        costs = [min(len(prompt) + max_tokens, context) for prompt in prompts if len(prompt) <= context]
        with current_call().tab.held(sum(costs)):
            yield

    def check_lengths(self, prompts: Iterable[Sequence[int]]) -> None:
        """Refuse what is longer than this server takes.

        Raises:
            RequestError: one of ``prompts`` is.
        """
        longest, most = max(map(len, prompts)), self._max_prompt_tokens
        if most is not None and longest > most:
            raise RequestError(
                f"the prompt has {longest} tokens, and this server takes {most}",
                hint="shorten it",
                code="prompt_too_long",
                param="messages",
            )
