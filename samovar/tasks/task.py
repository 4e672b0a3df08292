"""A checkable task: where examples come from, and how an answer is scored.

One class serves three readers: supervised rows (prompt and reference), rewards (prompt and grade), and evaluation.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import xxhash

from samovar.chat.conversation import Conversation, Message
from samovar.core.errors import ConfigError

Split = Literal["train", "test"]

_TEST_ONE_IN = 10


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt, a right continuation of it, and what a grader needs to judge another one."""

    task: str
    language: str
    prompt: tuple[Message, ...]
    """What the assistant sees: it ends with a user's turn."""
    reference: tuple[Message, ...]
    """Assistant messages, with the tool's results between them where a tool is called."""
    check: Mapping[str, Any]
    """JSON-able. Where one result alone is right, ``answer`` is it, without the way there."""

    def conversation(self) -> Conversation:
        """The prompt and the reference as one conversation, which is a row of supervised training."""
        meta = {"task": self.task, "language": self.language}
        return Conversation(messages=[*self.prompt, *self.reference], meta=meta)


class Task(ABC):
    """Examples without end, each determined by (seed, split, index), and their grader.

    A task implements ``draw`` and ``grade``. An instance (a pair of operands, a passage, a phrasing) must live in one
    split only: give its key to ``split_of`` and draw again until it falls into the split asked for.
    """

    name: ClassVar[str]
    """The name of the file."""
    languages: tuple[str, ...] = ("en", "ru")
    levels: tuple[int, int] | None = None
    """The easiest and the hardest level of its examples, of a task that has levels: ``draw`` keeps between them."""

    def __init__(
        self,
        assistant_name: str = "Samovar",
        seed: int = 0,
        languages: Sequence[str] | None = None,
        levels: tuple[int, int] | None = None,
    ) -> None:
        """Choose what examples are like.

        Args:
            assistant_name: as it gives it itself.
            seed: of all draws.
            languages: some of the task's, by default all.
            levels: the easiest and the hardest, by default all that the task has.
        Raises:
            ConfigError: the task has no such language or level.
        """
        unknown = [language for language in languages or () if language not in type(self).languages]
        if unknown or (languages is not None and not languages):
            raise ConfigError(
                f"the task {self.name} has no examples in {', '.join(unknown) or 'no language'}",
                hint=f"choose among: {', '.join(type(self).languages)}",
            )
        self.assistant_name = assistant_name
        self.seed = seed
        if languages is not None:
            self.languages = tuple(languages)
        self.label = self.name
        """What its examples say they are of: the name, with the levels where some were chosen."""
        if levels is not None:
            self._keep_between(*levels)

    def example(self, split: Split, index: int) -> Example:
        """The example number ``index`` of a split; languages take turns."""
        key = f"{self.seed}|{self.label}|{split}|{index}"
        rng = random.Random(xxhash.xxh3_64_intdigest(key.encode()))
        drawn = self.draw(rng, split, self.languages[index % len(self.languages)])
        return drawn if self.label == self.name else replace(drawn, task=self.label)

    def examples(self, split: Split, count: int, start: int = 0) -> Iterator[Example]:
        """``count`` examples of a split from number ``start`` on."""
        for index in range(start, start + count):
            yield self.example(split, index)

    def reading(self) -> Iterator[str]:
        """Texts that a model reads before the lessons, of a task with more words than they can show; mostly none."""
        return iter(())

    def _keep_between(self, easiest: int, hardest: int) -> None:
        every = type(self).levels
        if every is None:
            raise ConfigError(f"the task {self.name} has no levels to choose from", hint=f"name it {self.name} alone")
        if not every[0] <= easiest <= hardest <= every[1]:
            raise ConfigError(
                f"the task {self.name} has levels {every[0]} to {every[1]}, not {easiest} to {hardest}",
                hint=f"for example {self.name}@{every[0]}-{every[1]}",
            )
        self.levels = (easiest, hardest)
        self.label = f"{self.name}@{easiest}" + (f"-{hardest}" if hardest > easiest else "")

    @abstractmethod
    def draw(self, rng: random.Random, split: Split, language: str) -> Example:
        """Make one example with no other source of chance than ``rng``."""

    @abstractmethod
    def grade(self, example: Example, completion: Sequence[Message]) -> float:
        """Score the messages that answer ``example``, 0 to 1. Its reference scores 1."""


def split_of(key: str) -> Split:
    """The split that an instance belongs to: about one in ten is for the test. The same on every machine."""
    return "test" if xxhash.xxh3_64_intdigest(key.encode()) % _TEST_ONE_IN == 0 else "train"


def user(text: str) -> Message:
    """A user's turn."""
    return Message(role="user", content=text)


def assistant(text: str) -> Message:
    """An assistant's turn without tool calls."""
    return Message(role="assistant", content=text)


def final_text(completion: Sequence[Message]) -> str:
    """What the assistant says last; empty when it says nothing, or ends on a tool call."""
    if not completion or completion[-1].role != "assistant" or completion[-1].tool_calls:
        return ""
    return completion[-1].content.strip()
