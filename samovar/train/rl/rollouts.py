"""Answers that the assistant draws itself, by the engine with the weights as they are, and what they are worth."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from samovar.agent.agent import Agent, with_system
from samovar.agent.answer import Answer, Round
from samovar.agent.habits import Habits
from samovar.agent.registry import load_tools
from samovar.chat.conversation import Message
from samovar.chat.rows import prompt_ids
from samovar.chat.thought import options_for
from samovar.engine.request import Sampling
from samovar.model.decoder import Decoder
from samovar.model.snapshot import snapshot
from samovar.tasks.task import Example, Task
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.rl.engines import Engines

_MOST_KNOWN = 4096
"""Questions whose ids are remembered."""


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


Rewarding = Callable[[Sequence[Rollout]], Sequence[float | None]]
"""What each answer is worth; None: it is longer than who rewards can read."""


class Player:
    """Has a model answer questions as it would be met: with its tools, its system prompt and its template.

    The model may be in training: what answers is a copy of its weights as they are when the questions are asked,
    packed for the native engine where that can compute it.
    """

    def __init__(self, model: Decoder, tokenizer: Tokenizer, habits: Habits, *, max_tokens: int) -> None:
        self.model, self.tokenizer, self.habits, self.max_tokens = model, tokenizer, habits, max_tokens
        self._tools = load_tools(habits.tools)
        self.offered = [tool.schema for tool in self._tools] if habits.announces_tools else []
        self._engines = Engines(tokenizer)
        """Shared with all of ``now``."""
        self._is_fixed = False
        self._ids_of: dict[int, tuple[Sequence[Message], list[int]]] = {}
        """By a question's identity, which holds while it is kept: to write one takes as long as to draw some tokens."""

    def now(self) -> Player:
        """The same with the weights as they are now: it may play several times, and while the model is trained."""
        fixed = copy.copy(self)
        fixed.model, fixed._is_fixed = snapshot(self.model), True
        return fixed

    def prompt(self, example: Example) -> list[Message]:
        """The question as the model sees it."""
        return with_system(example.prompt, self.habits.system)

    def fits(self, example: Example) -> bool:
        """Whether the question leaves room for an answer in the model's context."""
        return self.room_behind(example.prompt) >= self.max_tokens

    def room_behind(self, prompt: Sequence[Message]) -> int:
        """Tokens that an answer to ``prompt`` may have in the model's context; none or fewer where it is too long."""
        return self.model.settings.max_positions - self.length(prompt)

    def length(self, prompt: Sequence[Message]) -> int:
        """Tokens of ``prompt`` as the model sees it."""
        return len(self._ids(prompt))

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

    def complete(self, prompts: Sequence[Sequence[Message]]) -> list[list[Message] | None]:
        """The likeliest answer to each conversation; None where it did not come to its end."""
        answers = self._answers(prompts, seed=0, temperature=0.0)
        return [None if one.finished().finish_reason == "length" else one.messages for one in answers]

    def _answers(self, prompts: Sequence[Sequence[Message]], *, seed: int, temperature: float) -> list[Answer]:
        if not prompts:
            return []
        if not self._is_fixed:
            return self.now()._answers(prompts, seed=seed, temperature=temperature)
        # What is drawn is told with the probability that the engine gave it: training compares that with its own.
        logprobs = None if temperature == 0 else 0
        sampling = Sampling(
            temperature=temperature, top_p=1.0, seed=seed, max_tokens=self.max_tokens, logprobs=logprobs
        )
        ids = [self._ids(prompt) for prompt in prompts]
        # A later round reads what the earlier ones said and what tools gave.
        rounds = 2 if self._tools else 1
        lengths = [(len(one) + self.max_tokens) * rounds for one in ids]
        with self._engines.lent(self.model, lengths) as engine:
            agent = Agent(
                engine,
                self.tokenizer,
                self._tools,
                system=self.habits.system,
                max_rounds=self.habits.max_rounds,
                announces_tools=self.habits.announces_tools,
                thinking=self.habits.thinking,
            )
            return agent.answer_batch(prompts, sampling, prompts=ids)

    def _ids(self, prompt: Sequence[Message]) -> list[int]:
        known = self._ids_of.get(id(prompt))
        if known is None:
            if len(self._ids_of) >= _MOST_KNOWN:
                self._ids_of.clear()
            asked, options = with_system(prompt, self.habits.system), options_for(self.habits.thinking)
            ids = prompt_ids(asked, self.tokenizer, self.offered, options=options)
            known = self._ids_of[id(prompt)] = prompt, ids
        return known[1]


def to_json(rollout: Rollout) -> dict[str, Any]:
    """A rollout as JSON holds it, for ``from_json``."""
    example = rollout.example
    return {
        "task": example.task,
        "language": example.language,
        "prompt": [one.model_dump() for one in example.prompt],
        "reference": [one.model_dump() for one in example.reference],
        "check": dict(example.check),
        "completion": [one.model_dump() for one in rollout.completion],
        "is_cut": rollout.is_cut,
        "rounds": rollout.rounds,
        "reward": rollout.reward,
    }


def from_json(said: Mapping[str, Any]) -> Rollout:
    """What ``to_json`` gave."""
    prompt, reference, completion = (
        tuple(Message.model_validate(one) for one in said[name]) for name in ("prompt", "reference", "completion")
    )
    example = Example(said["task"], said["language"], prompt, reference, said["check"])
    return Rollout(example, completion, said["is_cut"], tuple(Round(*one) for one in said["rounds"]), said["reward"])


def graded_by(tasks: Mapping[str, Task]) -> Rewarding:
    """The reward of an answer is its task's grade, 0 to 1."""

    def reward(rollouts: Sequence[Rollout]) -> list[float]:
        return [tasks[one.example.task].grade(one.example, one.completion) for one in rollouts]

    return reward


def rewarded(groups: Sequence[Sequence[Rollout]], rewarding: Rewarding) -> list[list[Rollout]]:
    """The same answers with what they are worth, without those of which nobody knows."""
    told = iter(rewarding([rollout for group in groups for rollout in group]))
    return [
        [one._replace(reward=float(worth)) for one in group if (worth := next(told)) is not None] for group in groups
    ]
