"""Answers that the assistant draws itself, by the engine with the weights as they are, and what they are worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from samovar.agent.agent import Agent, with_system
from samovar.agent.answer import Answer, Round
from samovar.agent.habits import Habits
from samovar.agent.registry import load_tools
from samovar.chat.conversation import Message
from samovar.chat.rows import prompt_ids
from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.model.decoder import Decoder
from samovar.tasks.task import Example, Task
from samovar.tokenizer.tokenizer import Tokenizer

AT_ONCE = 32
"""Answers decoded side by side."""


class Rollout(NamedTuple):
    """An answer to a question."""

    example: Example
    completion: tuple[Message, ...]
    is_cut: bool
    """Whether it ran out of tokens before it came to an end."""
    rounds: tuple[Round, ...]
    """What was drawn, token by token, between the calls of tools."""
    reward: float = 0.0

    @property
    def num_tokens(self) -> int:
        """Drawn, of all rounds."""
        return sum(len(one.ids) for one in self.rounds)


Rewarding = Callable[[Sequence[Rollout]], list[float]]
"""What each answer is worth."""


class Player:
    """Has a model answer questions as it would be met: with its tools, its system prompt and its template."""

    def __init__(self, model: Decoder, tokenizer: Tokenizer, habits: Habits, *, max_tokens: int) -> None:
        self.model, self.tokenizer, self.habits, self.max_tokens = model, tokenizer, habits, max_tokens
        self._tools = load_tools(habits.tools)
        self.offered = [tool.schema for tool in self._tools] if habits.announces_tools else []

    def prompt(self, example: Example) -> list[Message]:
        """The question as the model sees it."""
        return with_system(example.prompt, self.habits.system)

    def fits(self, example: Example) -> bool:
        """Whether the question leaves room for an answer in the model's context."""
        ids = prompt_ids(self.prompt(example), self.tokenizer, self.offered)
        return len(ids) + self.max_tokens <= self.model.settings.max_positions

    def play(
        self, examples: Sequence[Example], *, times: int = 1, seed: int = 0, temperature: float = 1.0
    ) -> list[list[Rollout]]:
        """``times`` answers to each question, not rewarded yet.

        Args:
            examples: those that fit.
            times: answers to each.
            seed: of all chance; the answers to a question have seeds of their own.
            temperature: 1 draws from the model as it is, 0 takes the likeliest token each time.
        """
        asked = [example for example in examples for _ in range(times)]
        answers = self._answers([example.prompt for example in asked], seed=seed, temperature=temperature)
        rollouts = [
            Rollout(example, tuple(one.messages), one.finished().finish_reason == "length", tuple(one.rounds))
            for example, one in zip(asked, answers, strict=True)
        ]
        return [rollouts[first : first + times] for first in range(0, len(rollouts), times)]

    def complete(self, prompts: Sequence[Sequence[Message]]) -> list[list[Message]]:
        """The likeliest answer to each conversation."""
        return [answer.messages for answer in self._answers(prompts, seed=0, temperature=0.0)]

    def _answers(self, prompts: Sequence[Sequence[Message]], *, seed: int, temperature: float) -> list[Answer]:
        was_training = self.model.training
        self.model.eval()
        # An engine of its own for each time: what one has cached is of weights that have changed since.
        agent = Agent(
            Engine(self.model, self.tokenizer, max_batch=min(AT_ONCE, len(prompts))),
            self.tokenizer,
            self._tools,
            system=self.habits.system,
            max_rounds=self.habits.max_rounds,
            announces_tools=self.habits.announces_tools,
        )
        sampling = Sampling(temperature=temperature, top_p=1.0, seed=seed, max_tokens=self.max_tokens)
        answers = agent.answer_batch(prompts, sampling)
        self.model.train(was_training)
        return answers


def graded_by(tasks: Mapping[str, Task]) -> Rewarding:
    """The reward of an answer is its task's grade, 0 to 1."""

    def reward(rollouts: Sequence[Rollout]) -> list[float]:
        return [tasks[one.example.task].grade(one.example, one.completion) for one in rollouts]

    return reward


def rewarded(groups: Sequence[Sequence[Rollout]], rewarding: Rewarding) -> list[list[Rollout]]:
    """The same answers with what they are worth."""
    flat = [rollout for group in groups for rollout in group]
    rewards = iter(rewarding(flat))
    return [[one._replace(reward=float(next(rewards))) for one in group] for group in groups]
