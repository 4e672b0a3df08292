"""Accuracy on held-out questions of the checkable tasks, with the interval that so few questions allow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from samovar.chat.conversation import Message
from samovar.core.errors import ConfigError, RequestError
from samovar.engine.request import Sampling
from samovar.evals.intervals import wilson
from samovar.tasks.task import Example, Task

_ASKED_AT_ONCE = 256
"""Below what the engine lets wait."""
_DRAWS_FOR_ONE = 20
"""Draws before a task is taken to have no further question that was not asked yet."""


class Answerer(Protocol):
    """Whatever answers conversations: the agent, or a stand-in."""

    def complete_batch(
        self, conversations: Sequence[Sequence[Message]], sampling: Sampling | None = None
    ) -> list[list[Message]]:
        """The new messages for each conversation."""
        ...


class Attempt(NamedTuple):
    """A question, what was answered, and what that is worth."""

    example: Example
    completion: tuple[Message, ...]
    score: float

    @property
    def is_right(self) -> bool:
        """Nothing is missing."""
        return self.score >= 1.0


@dataclass(frozen=True, slots=True)
class TaskScore:
    """How well one task is done in one language."""

    task: str
    language: str
    score: float
    """Mean score, 0 to 1."""
    count: int
    """Different questions asked."""
    low: float
    high: float
    wrong: tuple[Attempt, ...] = ()
    """Answers that are not wholly right: the first ones, not chosen."""
    first: tuple[Attempt, ...] = ()
    """The first answers, right or wrong."""

    def to_json(self) -> dict[str, Any]:
        """The figures without the examples."""
        return {
            "score": round(self.score, 4),
            "low": round(self.low, 4),
            "high": round(self.high, 4),
            "count": self.count,
        }


def evaluate_tasks(
    agent: Answerer,
    tasks: Mapping[str, Task],
    *,
    count: int,
    sampling: Sampling,
    wrong_kept: int = 8,
    first_kept: int = 2,
    after_each: Callable[[TaskScore], None] = lambda score: None,
) -> list[TaskScore]:
    """Put up to ``count`` held-out questions of each task and language to ``agent``.

    No question is asked twice: a task with fewer questions is scored on those it has, so that repeats do not make an
    interval look narrower than it is.

    Raises:
        ConfigError: a task has no test question in one of its languages.
    """
    scores = []
    for name, task in tasks.items():
        by_language = held_out(task, count)
        asked = [example for examples in by_language.values() for example in examples]
        pieces = (asked[begin : begin + _ASKED_AT_ONCE] for begin in range(0, len(asked), _ASKED_AT_ONCE))
        attempts = (attempt for piece in pieces for attempt in _attempt(agent, task, piece, sampling))
        for language, examples in by_language.items():
            score = _score(name, language, [next(attempts) for _ in examples], wrong_kept, first_kept)
            scores.append(score)
            after_each(score)
    return scores


def held_out(task: Task, count: int) -> dict[str, list[Example]]:
    """Up to ``count`` different test examples for each language."""
    found: dict[str, dict[str, Example]] = {language: {} for language in task.languages}
    for index in range(count * len(found) * _DRAWS_FOR_ONE):
        if all(len(examples) >= count for examples in found.values()):
            break
        example = task.example("test", index)
        examples = found[example.language]
        if len(examples) < count:
            examples.setdefault(_key(example), example)
    for language, examples in found.items():
        if not examples:
            raise ConfigError(f"the task {task.name} has no test question in '{language}'")
    return {language: list(examples.values()) for language, examples in found.items()}


def _key(example: Example) -> str:
    return "\0".join(f"{message.role}\0{message.content}" for message in example.prompt)


def _attempt(agent: Answerer, task: Task, examples: list[Example], sampling: Sampling) -> list[Attempt]:
    try:
        completions = agent.complete_batch([example.prompt for example in examples], sampling)
    except RequestError:
        completions = [_alone(agent, example, sampling) for example in examples]
    return [
        Attempt(example, tuple(completion), task.grade(example, completion) if completion else 0.0)
        for example, completion in zip(examples, completions, strict=True)
    ]


def _alone(agent: Answerer, example: Example, sampling: Sampling) -> list[Message]:
    """The answer to one question; none where it does not fit into the model's context, which is a failure to answer."""
    try:
        return agent.complete_batch([example.prompt], sampling)[0]
    except RequestError:
        return []


def _score(task: str, language: str, attempts: list[Attempt], wrong_kept: int, first_kept: int) -> TaskScore:
    total = sum(attempt.score for attempt in attempts)
    low, high = wilson(total, len(attempts))
    wrong = [attempt for attempt in attempts if not attempt.is_right]
    return TaskScore(
        task=task,
        language=language,
        score=total / len(attempts),
        count=len(attempts),
        low=low,
        high=high,
        wrong=tuple(wrong[:wrong_kept]),
        first=tuple(attempts[:first_kept]),
    )
