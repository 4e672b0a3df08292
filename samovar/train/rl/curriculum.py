"""Which questions are asked next: those that are answered sometimes, of kinds that are neither solved nor hopeless.

A question whose answers are all worth the same teaches nothing, so kinds of questions are drawn by the variance of
their success, p (1 - p), which is largest at one half (Foster and Foerster 2025, arXiv:2502.12272). What was seen of a
kind fades whenever something is learnt, whether that kind was asked or not: one that was out of reach is thought to be
within it again after a while, and so is asked as soon as a model that has grown can have come near it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from samovar.core.errors import ConfigError
from samovar.tasks.task import Example, Task

_MEMORY = 0.8
"""Share of what was seen of a kind that is left after more questions were answered."""
_DOUBT = 1.0
"""Questions' worth of belief that a kind is answered half of the time; nothing else is known of one not asked."""
_RARELY = 0.05
"""Weight of a kind outside the band: it is still asked now and then."""
_CANDIDATES = 4
"""Questions drawn for one that is asked, where nobody says otherwise."""


class Curriculum:
    """Draws questions; learns from what came of them."""

    def __init__(
        self,
        tasks: Mapping[str, Task],
        shares: Mapping[str, float],
        *,
        hardest: float,
        easiest: float,
        seed: int,
        candidates: int = _CANDIDATES,
    ) -> None:
        """Begin without knowing anything.

        Args:
            tasks: where questions come from.
            shares: how often each task is asked.
            hardest: rate of success below which a kind is asked rarely.
            easiest: and above which.
            seed: of the draws.
            candidates: questions drawn for one that is asked: the more there are, the fewer lie outside of the band.
        Raises:
            ConfigError: there is no task, or the band is empty.
        """
        if not tasks:
            raise ConfigError(
                "there is no task whose questions could be asked",
                hint="name one with --task, or tasks with their shares in the recipe, as tasks: {arithmetic: 1}",
            )
        if hardest >= easiest:
            raise ConfigError(f"hardest is {hardest} and easiest {easiest}", hint="leave room between them")
        self._tasks, self._shares = dict(tasks), {name: shares.get(name, 1.0) for name in sorted(tasks)}
        self._hardest, self._easiest, self._seed, self._candidates = hardest, easiest, seed, candidates
        self.seen: dict[str, tuple[float, float]] = {}
        """Of each kind of question, the sum of its rewards and how many they were, both fading."""

    @property
    def success(self) -> dict[str, float]:
        """Of each kind that was asked, the mean reward to be expected."""
        return {kind: self._expected(kind) for kind in self.seen}

    def draw(self, iteration: int, count: int, *, turn: int = 0) -> list[Example]:
        """``count`` questions of the train split for an iteration; further turns of it give others."""
        rng = random.Random(f"{self._seed}/{iteration}/{turn}")
        candidates = [next(self._questions(rng)) for _ in range(count * self._candidates)]
        chosen = []
        for number in range(count):
            some = candidates[number * self._candidates : (number + 1) * self._candidates]
            chosen.append(rng.choices(some, [self._weight(kind_of(example)) for example in some])[0])
        return chosen

    def learn(self, questions: Sequence[Example], means: Sequence[float]) -> None:
        """Take in the mean reward of the answers to each question."""
        self.seen = {kind: (_MEMORY * total, _MEMORY * count) for kind, (total, count) in self.seen.items()}
        for example, mean in zip(questions, means, strict=True):
            total, count = self.seen.get(kind_of(example), (0.0, 0.0))
            self.seen[kind_of(example)] = (total + mean, count + 1)

    def state_tensors(self) -> dict[str, Tensor]:
        """What was learnt, for a checkpoint."""
        return {"seen": torch.tensor(list(json.dumps(self.seen).encode()), dtype=torch.uint8)}

    def load_state_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Take what ``state_tensors`` gave."""
        self.seen = {kind: tuple(both) for kind, both in json.loads(bytes(tensors["seen"].tolist())).items()}

    def _questions(self, rng: random.Random) -> Iterator[Example]:
        while True:
            name = rng.choices(list(self._shares), list(self._shares.values()))[0]
            yield self._tasks[name].example("train", rng.randrange(2**40))

    def _weight(self, kind: str) -> float:
        rate = self._expected(kind)
        if not self._hardest <= rate <= self._easiest:
            return _RARELY
        return max(_RARELY, 4 * rate * (1 - rate))

    def _expected(self, kind: str) -> float:
        total, count = self.seen.get(kind, (0.0, 0.0))
        return (total + 0.5 * _DOUBT) / (count + _DOUBT)


def kind_of(example: Example) -> str:
    """Questions alike: of one task and language, and of one kind within the task where it says so."""
    kind = example.check.get("kind", "")
    return f"{example.task}/{example.language}/{kind}"


def held_out(tasks: Mapping[str, Task], count: int) -> list[Example]:
    """``count`` questions of each task and language out of the test split, always the same."""
    return [
        example
        for name in sorted(tasks)
        for example in tasks[name].examples("test", count * len(tasks[name].languages))
    ]
