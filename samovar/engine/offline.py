"""Answers to many prompts at once, for who waits for all of them: on any engine that goes on step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from samovar.engine.request import Completion, Delta


class Stepping(Protocol):
    """What answers requests step by step."""

    @property
    def has_work(self) -> bool:
        """Whether a further step would do anything."""
        ...

    def step(self) -> list[Delta]:
        """Move every live request on, and tell what is new."""
        ...

    def cancel_all(self) -> None:
        """End every request; nothing is reported."""
        ...


def finish_all(
    engine: Stepping, number_of: Mapping[int, int], on_finish: Callable[[int], None] | None
) -> list[Completion]:
    """Step until all requests of ``number_of`` are answered, whose deltas come whole.

    Args:
        engine: has these requests alone; whatever happens, it has none afterwards.
        number_of: request id -> place of its answer.
        on_finish: called with the place of an answer when it is whole.
    """
    answers: dict[int, Completion] = {}
    try:
        while engine.has_work:
            for delta in engine.step():
                if delta.finish_reason is not None:
                    number = number_of[delta.request_id]
                    answers[number] = Completion.of(delta)
                    if on_finish is not None:
                        on_finish(number)
    finally:
        engine.cancel_all()
    return [answers[number] for number in range(len(number_of))]
