"""What every engine that goes on step by step does alike: take requests in, and answer a heap of them for who waits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from collections.abc import Sequence as Many

from samovar.core.errors import BusyError
from samovar.engine.request import Completion, Delta, Sampling


class Stepping(ABC):
    """Answers requests step by step. Not safe for threads: see EngineRunner."""

    max_waiting: int
    """Requests that may wait; more are refused."""

    @property
    @abstractmethod
    def has_work(self) -> bool:
        """Whether a further step would do anything."""

    @property
    @abstractmethod
    def num_running(self) -> int:
        """Requests that are read or answered."""

    @property
    @abstractmethod
    def num_waiting(self) -> int:
        """Requests that wait for a place."""

    @abstractmethod
    def check(self, prompt_ids: Many[int], sampling: Sampling | None = None) -> None:
        """Raises RequestError where it cannot be answered."""

    @abstractmethod
    def step(self) -> list[Delta]:
        """Move every live request on, and tell what is new."""

    @abstractmethod
    def cancel_all(self) -> None:
        """End every request; nothing is reported."""

    @abstractmethod
    def _queue(self, prompt_ids: Many[int], sampling: Sampling, *, is_streamed: bool) -> int: ...

    def add(self, prompt_ids: Many[int], sampling: Sampling | None = None, *, is_streamed: bool = True) -> int:
        """Queue a request and give its id; its deltas come out of ``step``.

        Args:
            prompt_ids: what is to be gone on with.
            sampling: how.
            is_streamed: whether there is a delta after every step, or one at the end alone, which costs less.
        Raises:
            RequestError: the prompt cannot be answered.
            BusyError: the queue is full.
        """
        if self.num_waiting >= self.max_waiting:
            raise BusyError(f"{self.num_waiting} requests are waiting already", hint="try again in a moment")
        return self._queue(prompt_ids, sampling or Sampling(), is_streamed=is_streamed)

    def generate(
        self,
        prompts: Many[Many[int]],
        sampling: Sampling | None = None,
        *,
        on_finish: Callable[[int], None] | None = None,
    ) -> list[Completion]:
        """Answer all prompts, in their order.

        Args:
            prompts: token ids each.
            sampling: for all of them; a seed is counted up from prompt to prompt.
            on_finish: called with the number of a prompt when its answer is whole.
        Raises:
            RequestError: one of the prompts cannot be answered; none is.
            BusyError: the engine has other requests, whose deltas would be lost.
        """
        if self.num_running or self.num_waiting:
            raise BusyError("the engine is answering other requests", hint="take an engine of its own for this work")
        self.cancel_all()  # nobody waits to hear of those that were cancelled
        sampling = sampling or Sampling()
        for prompt in prompts:
            self.check(prompt, sampling)
        answers: dict[int, Completion] = {}
        try:
            number_of = {
                self._queue(prompt, sampling.counted_up(number), is_streamed=False): number
                for number, prompt in enumerate(prompts)
            }
            while self.has_work:
                for delta in self.step():
                    if delta.finish_reason is not None:
                        number = number_of[delta.request_id]
                        answers[number] = Completion.of(delta)
                        if on_finish is not None:
                            on_finish(number)
        finally:
            self.cancel_all()
        return [answers[number] for number in range(len(number_of))]
