"""The engine as the API uses it: every generation of every endpoint is measured, counted and bounded here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from samovar.core.errors import RequestError
from samovar.serve.context import current_call
from samovar.serve.metrics import Metrics

if TYPE_CHECKING:  # torch is not needed to serve
    from samovar.engine.request import Delta, Sampling
    from samovar.engine.runner import EngineRunner


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
        self._check(prompt_ids)
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

    def _check(self, prompt_ids: Sequence[int]) -> None:
        most = self._max_prompt_tokens
        if most is not None and len(prompt_ids) > most:
            raise RequestError(
                f"the prompt has {len(prompt_ids)} tokens, and this server takes {most}",
                hint="shorten the conversation",
                code="prompt_too_long",
                param="messages",
            )
